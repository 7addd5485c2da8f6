#pragma once
// One HTTP connection: reads requests, answers them, keeps alive, and hands an upgrade to /ws/… over with the bytes as
// they came. A body is read only when the request's head is not refused already, and up to 1 MiB.
// Network thread only; owns itself until the connection ends.

#include "common/websocket/byte_stream.h"
#include "common/websocket/deadline_list.h"
#include "server/http/body_source.h"
#include "server/http/connection_places.h"
#include "server/http/http_message.h"
#include "server/http/http_service.h"
#include "server/http/response_writer.h"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace webmacs {

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

// What all HTTP connections share; all of it outlives the session.
struct HttpServices {
  HttpService& hub;
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
  void prepare_parser();
  void parse();
  void begin();
  void go_on(HttpBegun begun);
  void begin_body();
  void parse_body();
  void handle(std::string body);
  // While a request is worked on: whether its client leaves.
  void watch_for_end();
  void answer(HttpResponse response, bool keep_alive);
  // The answer is on the wire: the next request or the end.
  void answered();
  // http_session_body.cpp: sending, also of a body that is made meanwhile.
  void begin_streamed_answer(HttpResponse response);
  void ask_for_piece();
  void take_piece(BodyPiece piece);
  void send();
  void break_off();
  // Reads and forgets until the peer has closed.
  void drain();
  void finish();
  void on_deadline(TimePoint now) override;

  HttpServices services_;
  std::unique_ptr<ByteStream> stream_;  // null once handed over
  const std::string peer_;
  std::shared_ptr<ConnectionPlace> place_;
  std::optional<Parser> parser_;
  // While a body is read: its parser, which has taken the head from parser_.
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> body_parser_;
  std::unique_ptr<HttpExchange> exchange_;  // of the request that is being read
  bool keep_alive_ = false;                 // of the request that is being answered
  bool head_only_ = false;
  std::shared_ptr<std::atomic<bool>> gone_;  // of the request that was read last
  std::string input_;                        // bytes of the request that is being read, whole, and what followed it
  std::size_t parsed_ = 0;                   // how many of them parser_ has
  std::unique_ptr<ResponseWriter> writer_;   // of the answer under way
  // Of a body that is made while it is sent: where it comes from, and how a peer of its version knows its end.
  std::shared_ptr<BodySource> source_;
  BodyEnd streamed_end_ = BodyEnd::last_chunk;
};

}  // namespace webmacs
