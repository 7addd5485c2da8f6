#pragma once
// What the hub must be able to do with every WebSocket that entered, whatever it is for. Network thread only.

#include "common/websocket/connection.h"
#include "server/api/access.h"

#include <memory>
#include <set>
#include <string>

namespace webmacs {

class Session : public ConnectionHandler {
 public:
  explicit Session(Identity identity) : identity_(std::move(identity)) {}

  const Identity& identity() const { return identity_; }
  // The connection exists from here until on_closed.
  virtual void attach(std::shared_ptr<Connection> connection) = 0;
  // Reads no more; what was read is still answered.
  virtual void stop_reading() = 0;
  virtual void close(std::uint16_t code, const std::string& reason) = 0;
  // Closes the socket at once.
  virtual void drop() = 0;
  // Kept as long as the session: its place among the connections that are counted.
  void keep(std::shared_ptr<void> guard) { guard_ = std::move(guard); }
  // Its token is no longer good. Further calls do nothing.
  void refuse(Denial denial);

 private:
  const Identity identity_;
  bool refused_ = false;
  std::shared_ptr<void> guard_;
};

// All sessions that are open: for revoked tokens and for the shutdown.
class SessionSet {
 public:
  void add(std::shared_ptr<Session> session) { sessions_.insert(std::move(session)); }
  void remove(const std::shared_ptr<Session>& session) { sessions_.erase(session); }
  bool empty() const { return sessions_.empty(); }
  std::size_t size() const { return sessions_.size(); }

  // Closes those whose token was revoked or expired.
  void enforce(const Access& access, Timestamp now);
  void stop_reading();
  void close_all(std::uint16_t code, const std::string& reason);
  void drop_all();

 private:
  std::set<std::shared_ptr<Session>> sessions_;
};

}  // namespace webmacs
