#pragma once
// A WebSocket that may not enter: accepted, told why with 1008 (after a wait, where logins failed too often), closed.
// Network thread only.

#include "common/websocket/connection.h"
#include "server/access/access.h"
#include "server/http/connection_places.h"
#include "server/net/session.h"

#include <chrono>
#include <memory>
#include <set>

namespace webmacs {

class RefusedSession;

// All that wait for their close, for the shutdown.
class RefusedSessions {
 public:
  explicit RefusedSessions(CloseCodes& close_codes) : close_codes_(close_codes) {}
  void close_all();
  std::size_t size() const { return sessions_.size(); }

 private:
  friend class RefusedSession;
  std::set<RefusedSession*> sessions_;
  CloseCodes& close_codes_;
};

class RefusedSession final : public ConnectionHandler,
                             public std::enable_shared_from_this<RefusedSession>,
                             private DeadlineOwner {
 public:
  RefusedSession(RefusedSessions& all, DeadlineList& deadlines, Denial denial, std::chrono::milliseconds wait,
                 std::shared_ptr<ConnectionPlace> place);

  void attach(std::shared_ptr<Connection> connection);
  // Now.
  void close();

  void on_open() override;
  void on_text(std::string_view) override {}
  void on_closed(std::uint16_t code, const std::string& reason) override;

 private:
  void on_deadline(TimePoint now) override;
  void start();

  RefusedSessions& all_;
  DeadlineList& deadlines_;
  const Denial denial_;
  const std::chrono::milliseconds wait_;
  const std::shared_ptr<ConnectionPlace> place_;
  std::shared_ptr<Connection> connection_;  // from attach to on_closed
  bool open_ = false;
};

}  // namespace webmacs
