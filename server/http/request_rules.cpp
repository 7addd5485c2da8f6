#include "server/http/request_rules.h"

#include "server/http/header_text.h"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <cctype>

namespace webmacs {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

bool is_chunked(std::string_view coding) {
  return beast::iequals({coding.data(), coding.size()}, "chunked");
}

std::optional<HttpResponse> refuse_transfer_codings(const http::request_header<>& header) {
  const auto [first, last] = header.equal_range(http::field::transfer_encoding);
  if (first == last) return std::nullopt;
  // Someone between a client of 1.0 and the hub may have taken the body for something else.
  if (header.version() < 11) return problem(400, "HTTP/1.0 has no Transfer-Encoding");
  int times_chunked = 0;
  for (auto field = first; field != last; ++field) {
    std::string_view rest(field->value().data(), field->value().size());
    while (!rest.empty()) {
      const auto coding = take_item(rest);
      if (is_chunked(coding)) {
        ++times_chunked;
      } else if (!coding.empty()) {
        return problem(501, "Transfer-Encoding: only chunked is understood");
      }
    }
  }
  if (times_chunked != 1) return problem(400, "Transfer-Encoding: chunked must stand there once");
  return std::nullopt;
}

bool is_host_character(unsigned char c) {
  return (std::isalnum(c) != 0 && c < 0x80) || std::string_view("-._~!$&'()*+,;=%").find(c) != std::string_view::npos;
}

// "host", "host:port", "[::1]:port"; may be empty, as the target's authority may be.
bool is_authority(std::string_view text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    const auto address = text.substr(1, end - 1);
    if (!std::ranges::all_of(address, [](unsigned char c) { return is_host_character(c) || c == ':'; })) return false;
    port = text.substr(end + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    if (!std::ranges::all_of(text.substr(0, colon), is_host_character)) return false;
    port = text.substr(colon);
  }
  return port.empty() || (port.front() == ':' &&
                          std::ranges::all_of(port.substr(1), [](unsigned char c) { return c >= '0' && c <= '9'; }));
}

std::optional<HttpResponse> refuse_host(const http::request_header<>& header) {
  const auto count = header.count(http::field::host);
  if (count > 1) return problem(400, "there is more than one Host");
  if (count == 0) {
    if (header.version() < 11) return std::nullopt;
    return problem(400, "Host is missing");
  }
  const auto value = header[http::field::host];
  if (!is_authority(trimmed({value.data(), value.size()}))) return problem(400, "Host is no host and port");
  return std::nullopt;
}

}  // namespace

std::optional<HttpResponse> refuse_head(const http::request_header<>& header) {
  if (auto refusal = refuse_transfer_codings(header)) return refusal;
  if (auto refusal = refuse_host(header)) return refusal;
  if (header.method() == http::verb::connect) return problem(501, "this is no proxy: it has no CONNECT");
  const auto target = split_target({header.target().data(), header.target().size()});
  if (!target) return problem(400, "the request's target is neither a path nor an http address");
  if (target->path_and_query == "*" && header.method() != http::verb::options) {
    return problem(400, "only OPTIONS has the target *");
  }
  return std::nullopt;
}

std::optional<RequestTarget> split_target(std::string_view target) {
  if (target == "*" || target.starts_with('/')) return RequestTarget{{}, target};
  const auto scheme = target.substr(0, std::min(target.find("://"), target.size()));
  const beast::string_view name(scheme.data(), scheme.size());
  if (scheme.size() == target.size() || !(beast::iequals(name, "http") || beast::iequals(name, "https"))) return {};
  const auto rest = target.substr(scheme.size() + 3);
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  const auto authority = rest.substr(0, end);
  if (authority.empty() || !is_authority(authority)) return {};
  return RequestTarget{std::string(authority), rest.substr(end)};
}

}  // namespace webmacs
