#include "server/net/upgrade_request.h"

#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>
#include <cctype>

namespace webmacs {
namespace {

namespace http = boost::beast::http;

// RFC 6455, section 4.2.1: 16 bytes in base64.
bool is_key(std::string_view text) {
  return text.size() == 24 && text.substr(22) == "==" &&
         std::all_of(text.begin(), text.begin() + 22,
                     [](unsigned char c) { return (std::isalnum(c) != 0 && c < 0x80) || c == '+' || c == '/'; });
}

HttpResponse upgrade_required() {
  auto response = problem(426, "this path speaks WebSocket, version 13");
  response.headers = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
  return response;
}

}  // namespace

std::optional<HttpResponse> refuse_upgrade(const HttpRequest& request) {
  const bool upgrade = http::token_list{request.joined_fields("Connection")}.exists("upgrade") &&
                       http::token_list{request.joined_fields("Upgrade")}.exists("websocket");
  if (!upgrade || request.header.method() != http::verb::get || request.header.version() != 11 ||
      request.joined_fields("Sec-WebSocket-Version") != "13") {
    return upgrade_required();
  }
  if (request.field(http::field::host).empty()) return problem(400, "Host is missing");
  const auto length = request.joined_fields("Content-Length");
  if ((!length.empty() && length != "0") || request.header.find("Transfer-Encoding") != request.header.end()) {
    return problem(400, "an upgrade has no body");
  }
  if (!is_key(request.joined_fields("Sec-WebSocket-Key"))) {
    return problem(400, "Sec-WebSocket-Key is not 16 bytes in base64");
  }
  return std::nullopt;
}

}  // namespace webmacs
