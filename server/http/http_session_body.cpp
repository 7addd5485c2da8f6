// The part of HttpSession that sends answers. Of a body that is made meanwhile a piece is asked for when the one before
// was taken by the socket, so a client that reads slowly makes its source wait, and nobody else.

#include "server/http/http_session.h"

#include <chrono>
#include <utility>

namespace webmacs {
namespace {

constexpr std::chrono::seconds stalled_deadline{60};  // without a byte that the client took

}  // namespace

void HttpSession::begin_streamed_answer(HttpResponse response) {
  response.end = streamed_end_;
  keep_alive_ = keep_alive_ && streamed_end_ == BodyEnd::last_chunk;
  if (!head_only_) source_ = std::move(response.source);
  writer_ = std::make_unique<ResponseWriter>(std::move(response), keep_alive_, source_ == nullptr);
  if (source_) {
    source_->when_cut([session = weak_from_this()] {
      if (const auto self = session.lock()) self->close();
    });
  }
  send();
}

void HttpSession::ask_for_piece() {
  source_->next([self = shared_from_this()](BodyPiece piece) { self->take_piece(std::move(piece)); });
}

void HttpSession::take_piece(BodyPiece piece) {
  if (!stream_) return finish();
  if (piece.what == BodyPiece::What::broken) return break_off();
  writer_->add(std::move(piece));
  send();
}

// Each byte that the socket takes proves the client to be there.
void HttpSession::send() {
  services_.deadlines.set(*this, std::chrono::steady_clock::now() + stalled_deadline);
  const auto buffers = writer_->next();
  if (buffers.empty() && !writer_->done()) return ask_for_piece();
  if (buffers.empty()) {
    source_.reset();
    return answered();
  }
  stream_->async_write_some(buffers, [self = shared_from_this()](error_code ec, std::size_t bytes) {
    if (ec || !self->stream_) return self->finish();
    self->writer_->sent(bytes);
    self->send();
  });
}

// Neither a last chunk nor, where the body ends with the connection, an end that looks like one: the peer sees a reset.
void HttpSession::break_off() {
  close();
  finish();
}

}  // namespace webmacs
