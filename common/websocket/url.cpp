#include "common/websocket/client.h"

#include <algorithm>
#include <cctype>

namespace webmacs {
namespace {

// Takes "name" or "[v6]" off the front; empty when it is neither.
std::string take_host(std::string_view& authority) {
  if (authority.empty()) return {};
  std::string host;
  if (authority.front() == '[') {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return {};
    host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    if (host.find(':') == std::string::npos) return {};
  } else {
    host = authority.substr(0, authority.find(':'));
    authority.remove_prefix(host.size());
  }
  return host;
}

bool valid_port(std::string_view port) {
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos) return false;
  const int number = std::stoi(std::string(port));
  return number >= 1 && number <= 65535;
}

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace

std::optional<WebSocketUrl> parse_websocket_url(std::string_view text) {
  if (!printable(text)) return {};
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return {};
  std::string scheme(text.substr(0, scheme_end));
  std::ranges::transform(scheme, scheme.begin(), [](unsigned char c) { return std::tolower(c); });
  if (scheme != "ws" && scheme != "wss") return {};

  std::string_view rest = text.substr(scheme_end + 3);
  if (rest.find('#') != std::string_view::npos) return {};  // RFC 6455 section 3: no fragment
  const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  if (authority.find('@') != std::string_view::npos) return {};

  WebSocketUrl url;
  url.tls = scheme == "wss";
  url.host = take_host(authority);
  if (url.host.empty()) return {};
  url.port = url.tls ? "443" : "80";
  if (!authority.empty()) {
    if (authority.front() != ':' || !valid_port(authority.substr(1))) return {};
    url.port = authority.substr(1);
  }
  url.target = rest.substr(authority_end);
  if (url.target.empty() || url.target.front() != '/') url.target.insert(0, "/");
  return url;
}

}  // namespace webmacs
