#pragma once
// One HTTP connection: reads requests, answers them, keeps alive, and hands an upgrade to /ws/… over with the bytes as
// they came. A body is read only when the request's head is not refused already, and up to 1 MiB.
// Network thread only; owns itself until the connection ends.

#include "common/websocket/byte_stream.h"
#include "common/websocket/deadline_list.h"
#include "server/http/body_source.h"
#include "server/http/connection_places.h"
#include "server/http/http_message.h"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <functional>
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

// What an HTTP connection needs of the hub; all of it outlives the session.
struct HttpServices {
  // What a request is refused with before its body is read; and its answer, at once or later.
  std::function<std::optional<HttpResponse>(const HttpRequest&)> refusal;
  std::function<void(HttpRequest, std::function<void(HttpResponse)>)> rest;
  // Whether the request presents a token that nobody knows (yet), and reading them anew.
  std::function<bool(const HttpRequest&)> unknown_token;
  std::function<void(std::function<void()> done)> refresh_tokens;
  // For a request to /ws/…: the answer when there will be no upgrade; else the connection is handed over, with all bytes
  // that were read, the header first, and with its place.
  std::function<std::optional<HttpResponse>(const HttpRequest&)> refuse_upgrade;
  std::function<void(const HttpRequest&, std::string raw_request, std::unique_ptr<ByteStream>,
                     std::shared_ptr<ConnectionPlace>)>
      upgrade;
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
  void handle();
  void begin_body(HttpRequest request);
  void parse_body();
  void call_rest(HttpRequest request);
  void answer(const HttpResponse& response, bool keep_alive);
  // output_ is on the wire; the body's rest, the next request or the end.
  void answered(bool keep_alive);
  // http_session_body.cpp: a body that is made while it is sent.
  void begin_body_of(const HttpResponse& response, bool keep_alive);
  void ask_for_piece();
  void send_piece(BodyPiece piece);
  void send_output(std::function<void()> sent);
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
  // While a body is read: its parser, and the request whose head was taken from parser_.
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> body_parser_;
  std::optional<HttpRequest> request_;
  bool keep_alive_ = false;  // of the request that is being answered
  bool head_only_ = false;
  bool tokens_are_fresh_ = false;  // for the request that is being handled
  std::string input_;              // bytes of the request that is being read, whole, and what followed it
  std::size_t parsed_ = 0;         // how many of them parser_ has
  std::string output_;             // the response under way, or a piece of its body
  std::size_t sent_ = 0;           // of a piece
  // Of a body that is made while it is sent: where it comes from, and how the peer knows its end.
  std::shared_ptr<BodySource> source_;
  BodyEnd end_ = BodyEnd::length;
};

}  // namespace webmacs
