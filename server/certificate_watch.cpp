#include "server/certificate_watch.h"

#include "common/websocket/certificate.h"

#include <chrono>

namespace webmacs {
namespace {

constexpr std::chrono::days log_interval{1};

}  // namespace

void CertificateWatch::use(const std::shared_ptr<boost::asio::ssl::context>& context, Timestamp now) {
  end_ = context ? own_certificate_end(*context) : std::nullopt;
  logged_.reset();
  look(now);
}

void CertificateWatch::look(Timestamp now) {
  const std::string soon = end_ ? ending_soon(*end_, now) : "";
  const std::string text = soon.empty() ? "" : "the hub's TLS certificate " + soon + ": renew it, then send SIGHUP";
  warnings_.set("certificate", text);
  if (text.empty() || (logged_ && now - *logged_ < log_interval)) return;
  logged_ = now;
  log_warning("{}", text);
}

}  // namespace webmacs
