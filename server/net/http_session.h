#pragma once
// One HTTP connection: reads requests, answers them, keeps alive, and hands an upgrade to /ws/… over with the bytes as
// they came. Bodies are not read: nothing here takes one yet, and such a request is answered and closed.
// Network thread only; owns itself until the connection ends.

#include "common/websocket/byte_stream.h"
#include "common/websocket/deadline_list.h"
#include "server/net/connection_places.h"
#include "server/net/http_message.h"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace webmacs {

class WebSocketEntry;

class HttpSession;

// All that are open, for the shutdown.
class HttpSessionSet {
 public:
  void add(HttpSession& session) { sessions_.insert(&session); }
  void remove(HttpSession& session) { sessions_.erase(&session); }
  void close_all();

 private:
  std::set<HttpSession*> sessions_;
};

// What an HTTP connection needs of the hub; all of it outlives the session.
struct HttpServices {
  std::function<HttpResponse(const HttpRequest&)> rest;
  // Whether the request presents a token that nobody knows (yet), and reading them anew.
  std::function<bool(const HttpRequest&)> unknown_token;
  std::function<void(std::function<void()> done)> refresh_tokens;
  WebSocketEntry& websockets;
  const std::vector<std::string>& trusted_proxies;
  DeadlineList& deadlines;
  HttpSessionSet& sessions;
};

class HttpSession final : public std::enable_shared_from_this<HttpSession>, private DeadlineOwner {
 public:
  // `place` is kept until the connection is closed, by an upgraded WebSocket too.
  HttpSession(HttpServices services, std::unique_ptr<ByteStream> stream, std::string peer,
              std::shared_ptr<ConnectionPlace> place);
  ~HttpSession();
  void start();
  // Closes the socket at once.
  void close();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

  void read();
  void on_bytes(error_code ec, std::string_view bytes);
  void parse();
  void handle();
  void answer(const HttpResponse& response, bool keep_alive);
  // Reads and forgets until the peer has closed.
  void drain();
  void finish();
  void on_deadline(TimePoint now) override;

  HttpServices services_;
  std::unique_ptr<ByteStream> stream_;  // null once handed over
  const std::string peer_;
  std::shared_ptr<ConnectionPlace> place_;
  std::optional<Parser> parser_;
  bool tokens_are_fresh_ = false;  // for the request that is being handled
  std::string input_;              // bytes of the request that is being read, and what followed it
  std::string output_;             // the response under way
};

}  // namespace webmacs
