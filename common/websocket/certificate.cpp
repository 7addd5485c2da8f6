#include "common/websocket/certificate.h"

#include "common/timestamp.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <ctime>

namespace webmacs {
namespace {

using std::chrono::days;

constexpr days worth_a_warning{14};

void take_earlier(std::optional<Timestamp>& first, const X509* certificate) {
  std::tm utc{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &utc) != 1) return;
  const Timestamp end{std::chrono::seconds(timegm(&utc))};
  first = first ? std::min(*first, end) : end;
}

}  // namespace

std::optional<Timestamp> own_certificate_end(boost::asio::ssl::context& context) {
  STACK_OF(X509)* others = nullptr;
  SSL_CTX_get0_chain_certs(context.native_handle(), &others);
  auto first = first_certificate_end(others);
  take_earlier(first, SSL_CTX_get0_certificate(context.native_handle()));
  return first;
}

std::optional<Timestamp> first_certificate_end(const STACK_OF(X509) * chain) {
  std::optional<Timestamp> first;
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) take_earlier(first, sk_X509_value(chain, i));
  return first;
}

std::string ending_soon(Timestamp end, Timestamp now) {
  const auto left = end - now;
  if (left > worth_a_warning) return {};
  if (left <= left.zero()) return fmt::format("has ended ({})", format_timestamp(end));
  const auto whole_days = std::chrono::floor<days>(left).count();
  const auto when = whole_days == 0   ? std::string("in less than a day")
                    : whole_days == 1 ? std::string("in 1 day")
                                      : fmt::format("in {} days", whole_days);
  return fmt::format("ends {} ({})", when, format_timestamp(end));
}

}  // namespace webmacs
