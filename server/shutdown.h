#pragma once
// How the hub stops: no new connections, nothing more is read, what was accepted is committed and answered, then the
// WebSockets are closed, and what does not close in time is dropped. Network thread only.

#include "server/export/exports.h"
#include "server/http/listener.h"
#include "server/ingest/ingest.h"
#include "server/net/controller_saver.h"
#include "server/net/session.h"
#include "server/net/websocket_entry.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>

namespace webmacs {

class Shutdown {
 public:
  struct Parts {
    Listener& listener;
    SessionSet& sessions;
    WebSocketEntry& websockets;
    Exports& exports;
    ControllerSaver& controllers;
    Ingest& ingest;
  };

  // All of it outlives the shutdown. `end` is called once, when no WebSocket is open any more.
  Shutdown(boost::asio::io_context& io, Parts parts, std::function<void()> end);

  // The first call begins it; later ones do nothing.
  void begin();

 private:
  void close_sessions();
  void wait_for_sessions();

  Parts parts_;
  const std::function<void()> end_;
  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point deadline_{};
  bool begun_ = false;
};

}  // namespace webmacs
