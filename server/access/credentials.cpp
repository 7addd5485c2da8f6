#include "server/access/credentials.h"

#include "server/http/header_text.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>

namespace webmacs {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view bearer_subprotocol = "bearer.";

std::vector<std::string> subprotocols(const HttpRequest& request) {
  std::vector<std::string> names;
  const std::string offered = request.joined_fields("Sec-WebSocket-Protocol");
  for (const auto name : http::token_list{offered}) {
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
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

}  // namespace

std::string presented_token(const HttpRequest& request) {
  if (auto token = request.parameter("token"); !token.empty()) return token;
  constexpr std::string_view scheme = "Bearer ";
  // Of two none is chosen: whoever stands between may have looked at the other one.
  const std::string joined = request.joined_fields("Authorization");
  const std::string_view authorization = joined;
  if (authorization.size() > scheme.size() &&
      boost::beast::iequals({authorization.data(), scheme.size()}, {scheme.data(), scheme.size()})) {
    return std::string(trimmed(authorization.substr(scheme.size())));
  }
  for (const auto& name : subprotocols(request)) {
    if (name.starts_with(bearer_subprotocol)) return name.substr(bearer_subprotocol.size());
  }
  return {};
}

bool offers_webmacs_subprotocol(const HttpRequest& request) {
  const auto names = subprotocols(request);
  return std::ranges::find(names, webmacs_subprotocol) != names.end();
}

bool origin_allowed(const HttpRequest& request, const std::vector<std::string>& allowed_origins) {
  if (request.header.find(http::field::origin) == request.header.end()) return true;
  const auto origin = host_name(request.joined_fields("Origin"));  // of two no host is left
  if (origin == host_name(request.field(http::field::host))) return true;
  return std::ranges::any_of(allowed_origins, [&](const std::string& allowed) { return host_name(allowed) == origin; });
}

}  // namespace webmacs
