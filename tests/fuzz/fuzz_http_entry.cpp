// From a stranger's first bytes to the WebSocket engine: the request's header, its target and query, the token and
// where it comes from, the Origin, the client's address behind a proxy, the cursor and the events that are asked for.
// Never an exception, and only what the contract allows enters.

#include "common/feed_messages.h"
#include "common/websocket/handshake.h"
#include "property.h"
#include "server/access/credentials.h"
#include "server/http/client_address.h"
#include "server/http/http_message.h"
#include "server/http/request_rules.h"
#include "server/http/response_writer.h"
#include "server/net/upgrade_request.h"
#include "server/stream/event_filter.h"

#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstdint>

using namespace webmacs;
namespace http = boost::beast::http;

namespace {

void check_query(std::string_view target) {
  std::string path;
  std::map<std::string, std::string> query;
  parse_target(target, path, query);
  WEBMACS_PROPERTY(path.size() <= target.size());
  std::size_t decoded = path.size();
  for (const auto& [name, value] : query) decoded += name.size() + value.size();
  WEBMACS_PROPERTY(decoded <= target.size());
  WEBMACS_PROPERTY(target.find('?') != std::string_view::npos || query.empty());
  if (const auto since = query.find("since"); since != query.end()) {
    if (const auto cursor = parse_cursor(since->second)) WEBMACS_PROPERTY(!cursor->epoch.empty());
  }
}

void check_request(const http::request_parser<http::empty_body>& parser, std::string_view bytes, std::size_t used) {
  HttpRequest request{parser.get().base(), {}, {}};
  if (refuse_head(request.header)) return;
  const auto whole = request.header.target();
  const auto target = split_target({whole.data(), whole.size()});
  WEBMACS_PROPERTY(target.has_value());
  parse_target(target->path_and_query, request.path, request.query);
  const auto token = presented_token(request);
  WEBMACS_PROPERTY(token.size() <= bytes.size());
  origin_allowed(request, {"https://hub.lab"});

  const auto forwarded = request.joined_fields("X-Forwarded-For");
  WEBMACS_PROPERTY(client_address("192.0.2.1", forwarded, {"127.0.0.1"}) == "192.0.2.1");
  const auto client = client_address("127.0.0.1", forwarded, {"127.0.0.1"});
  boost::system::error_code ec;
  boost::asio::ip::make_address(client, ec);
  WEBMACS_PROPERTY(!ec);  // it is counted and logged: nothing else may stand there

  // Beast has read the header; the engine reads the same bytes again and must not see another request in them.
  const auto answer = answer_upgrade(bytes, offers_webmacs_subprotocol(request) ? webmacs_subprotocol : "");
  if (!refuse_upgrade(request)) {
    WEBMACS_PROPERTY(answer.accepted || answer.response.rfind("HTTP/1.1 4", 0) == 0);
    WEBMACS_PROPERTY(!answer.accepted || answer.consumed == used);  // both take the same bytes for frames
  }

  ResponseWriter writer(problem(404, request.path), true, false);
  WEBMACS_PROPERTY(!writer.next().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_query(bytes);
  http::request_parser<http::empty_body> parser;
  parser.header_limit(16 * 1024);
  boost::beast::error_code ec;
  const std::size_t used = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  if (!ec && parser.is_header_done()) check_request(parser, bytes, used);
  return 0;
}
