#pragma once
// The controllers the hub has ever seen: online while any of their sockets is open, and what their agents last said of
// themselves. Network thread only.

#include "common/feed_messages.h"
#include "common/log.h"
#include "server/store/store.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace webmacs {

class ControllerRegistry {
 public:
  // `changed` is called when a controller comes, goes or reports.
  explicit ControllerRegistry(std::function<void(const ControllerState&)> changed) : changed_(std::move(changed)) {}

  // Both are logged, one line a second for each controller: one that reconnects in a loop fills no journal.
  void socket_opened(const std::string& name, const std::string& peer);
  void socket_closed(const std::string& name, const std::string& how);
  void heard(const std::string& name);
  // Computes the clock's offset; beyond 1 s it is logged, and once more when it is back.
  void reported(const std::string& name, const StatusFrame& status);

  std::vector<ControllerState> all() const;

  // At start: those that the store remembers, offline.
  void restore(const std::vector<ControllerRecord>& records);
  // What the store should remember: those that were heard of since then.
  std::vector<ControllerRecord> heard_since(Timestamp then) const;

 private:
  struct Entry {
    ControllerState state;
    int sockets = 0;
    bool clock_warned = false;
    RepeatedLog opened_log{LogLevel::info, std::chrono::seconds(1)};
    RepeatedLog closed_log{LogLevel::info, std::chrono::seconds(1)};
  };
  Entry& entry(const std::string& name);

  std::map<std::string, Entry> controllers_;
  std::function<void(const ControllerState&)> changed_;
};

}  // namespace webmacs
