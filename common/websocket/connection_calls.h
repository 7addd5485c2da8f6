#pragma once
// How a Connection calls out. Included by its .cpp files only.

#include "common/log.h"
#include "common/websocket/connection.h"

#include <boost/asio/post.hpp>

#include <exception>

namespace webmacs {

// False when it threw: nothing may escape into the loop.
template <typename Call>
bool call_logged(Call&& call) {
  try {
    call();
    return true;
  } catch (const std::exception& e) {
    log_error("a WebSocket's handler failed: {}", e.what());
    return false;
  }
}

// The handler is kept for the call: it may let the connection go.
template <typename Call>
void Connection::guarded(Call&& call) {
  const auto handler = handler_;
  if (!handler) return;
  if (!call_logged([&] { call(*handler); })) close(close_code::internal_error, "internal error");
}

template <typename Call>
void Connection::later(Call&& call) {
  boost::asio::post(stream_->socket().get_executor(),
                    [self = shared_from_this(), call = std::forward<Call>(call)]() mutable { call(); });
}

}  // namespace webmacs
