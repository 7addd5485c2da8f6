#pragma once
// What the hub must be able to do with every WebSocket that entered, whatever it is for. Network thread only.

#include "common/log.h"
#include "common/websocket/connection.h"
#include "server/access/access.h"

#include <cstdint>
#include <map>
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
  // Outbound bytes that the socket has not taken yet.
  virtual std::size_t queued_bytes() const = 0;
  // Kept as long as the session: its place among the connections that are counted.
  void keep(std::shared_ptr<void> guard) { guard_ = std::move(guard); }
  // Its token is no longer good. False when it was told before.
  bool refuse(Denial denial);

 private:
  const Identity identity_;
  bool refused_ = false;
  std::shared_ptr<void> guard_;
};

// How many WebSockets ended with each close code; of those that RFC 6455 does not name, all together as 0.
class CloseCodes {
 public:
  void count(std::uint16_t code);
  const std::map<std::uint16_t, std::uint64_t>& all() const { return counts_; }

 private:
  std::map<std::uint16_t, std::uint64_t> counts_;
};

// All sessions that are open: for revoked tokens, for the figures and for the shutdown.
class SessionSet {
 public:
  void add(std::shared_ptr<Session> session) { sessions_.insert(std::move(session)); }
  void remove(const std::shared_ptr<Session>& session, std::uint16_t close_code);
  CloseCodes& close_codes() { return close_codes_; }
  const std::set<std::shared_ptr<Session>>& all() const { return sessions_; }
  // However many clients are too slow: a line a second.
  void log_too_slow(std::string_view text) { too_slow_log_.write(text); }
  bool empty() const { return sessions_.empty(); }
  std::size_t size() const { return sessions_.size(); }

  // Closes those whose token was revoked or expired.
  void enforce(const Access& access, Timestamp now);
  void stop_reading();
  void close_all(std::uint16_t code, const std::string& reason);
  void drop_all();

 private:
  std::set<std::shared_ptr<Session>> sessions_;
  CloseCodes close_codes_;
  RepeatedLog too_slow_log_{LogLevel::info, std::chrono::seconds(1)};
};

}  // namespace webmacs
