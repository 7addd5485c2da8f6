// The part of HttpSession that sends a body which is made meanwhile: a piece is asked for when the one before was taken
// by the socket, so a client that reads slowly makes its source wait, and nobody else.

#include "server/http/http_session.h"

#include <chrono>
#include <utility>

namespace webmacs {
namespace {

constexpr std::chrono::seconds stalled_deadline{60};  // without a byte that the client took

}  // namespace

void HttpSession::begin_body_of(const HttpResponse& response, bool keep_alive) {
  HttpResponse head = response;
  head.end = end_;
  keep_alive_ = keep_alive && end_ == BodyEnd::last_chunk;
  output_ = serialize(head, keep_alive_, head_only_);
  source_ = response.source;
  if (head_only_ || !source_) return send_output([this] { answered(keep_alive_); });
  source_->when_cut([session = weak_from_this()] {
    if (const auto self = session.lock()) self->close();
  });
  send_output([this] { ask_for_piece(); });
}

void HttpSession::ask_for_piece() {
  source_->next([self = shared_from_this()](BodyPiece piece) { self->send_piece(std::move(piece)); });
}

void HttpSession::send_piece(BodyPiece piece) {
  if (!stream_) return finish();
  if (piece.what == BodyPiece::What::broken) return break_off();
  const bool last = piece.what == BodyPiece::What::last;
  if (end_ == BodyEnd::last_chunk) {
    output_ = chunk(piece.bytes);
    if (last) output_ += last_chunk;
  } else {
    output_ = std::move(piece.bytes);
  }
  send_output([this, last] {
    if (!last) return ask_for_piece();
    source_.reset();
    answered(keep_alive_);
  });
}

// `sent` is called when the socket has all of it. Each byte that it takes proves the client to be there.
void HttpSession::send_output(std::function<void()> sent) {
  services_.deadlines.set(*this, std::chrono::steady_clock::now() + stalled_deadline);
  if (sent_ == output_.size()) {
    sent_ = 0;
    return sent();
  }
  stream_->async_write_some({boost::asio::buffer(output_) + sent_}, [self = shared_from_this(), sent = std::move(sent)](
                                                                        error_code ec, std::size_t bytes) mutable {
    if (ec || !self->stream_) return self->finish();
    self->sent_ += bytes;
    self->send_output(std::move(sent));
  });
}

// Neither a last chunk nor, where the body ends with the connection, an end that looks like one: the peer sees a reset.
void HttpSession::break_off() {
  close();
  finish();
}

}  // namespace webmacs
