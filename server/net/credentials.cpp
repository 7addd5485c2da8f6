#include "server/net/credentials.h"

#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>

namespace webmacs {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view bearer_subprotocol = "bearer.";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> subprotocols(const HttpRequest& request) {
  std::vector<std::string> names;
  for (const auto name : http::token_list{request.header[http::field::sec_websocket_protocol]}) {
    names.emplace_back(name.data(), name.size());
  }
  return names;
}

// "https://host:port/…", "host:port" or "host" -> "host", in lower case.
std::string host_name(std::string_view text) {
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
  text = text.substr(0, text.find('/'));
  if (!text.empty() && text.front() == '[') {
    text = text.substr(0, text.find(']') + 1);
  } else {
    text = text.substr(0, text.find(':'));
  }
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

bool is_trusted(std::string_view address, const std::vector<std::string>& trusted_proxies) {
  return std::find(trusted_proxies.begin(), trusted_proxies.end(), address) != trusted_proxies.end();
}

}  // namespace

std::string presented_token(const HttpRequest& request) {
  if (auto token = request.parameter("token"); !token.empty()) return token;
  constexpr std::string_view scheme = "Bearer ";
  const auto authorization = request.field(http::field::authorization);
  if (authorization.size() > scheme.size() &&
      boost::beast::iequals({authorization.data(), scheme.size()}, {scheme.data(), scheme.size()})) {
    return std::string(trimmed(authorization.substr(scheme.size())));
  }
  for (const auto& name : subprotocols(request)) {
    if (name.rfind(bearer_subprotocol, 0) == 0) return name.substr(bearer_subprotocol.size());
  }
  return {};
}

bool offers_webmacs_subprotocol(const HttpRequest& request) {
  const auto names = subprotocols(request);
  return std::find(names.begin(), names.end(), webmacs_subprotocol) != names.end();
}

bool origin_allowed(const HttpRequest& request, const std::vector<std::string>& allowed_origins) {
  if (request.header.find(http::field::origin) == request.header.end()) return true;
  const auto origin = host_name(request.field(http::field::origin));
  if (origin == host_name(request.field(http::field::host))) return true;
  return std::any_of(allowed_origins.begin(), allowed_origins.end(),
                     [&](const std::string& allowed) { return host_name(allowed) == origin; });
}

std::string client_address(const std::string& peer, std::string_view forwarded_for,
                           const std::vector<std::string>& trusted_proxies) {
  if (!is_trusted(peer, trusted_proxies)) return peer;
  // The last entries were added by our own proxies, the first are whatever the client claimed.
  while (!forwarded_for.empty()) {
    const auto comma = forwarded_for.rfind(',');
    const auto last = trimmed(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1));
    boost::system::error_code bad;
    const auto address = boost::asio::ip::make_address(std::string(last), bad);
    if (bad) return peer;
    if (!is_trusted(address.to_string(), trusted_proxies)) return address.to_string();
    if (comma == std::string_view::npos) break;
    forwarded_for = forwarded_for.substr(0, comma);
  }
  return peer;
}

}  // namespace webmacs
