#pragma once
// The seed's pub/sub hub: connections by topic, a broadcast to all of a topic, cleanup of those that left.
// Network thread only.

#include "common/websocket/connection.h"

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace webmacs {

class Subscriber {
 public:
  virtual ~Subscriber() = default;
  // Encoded frames, shared with the other subscribers of the topic. Must not connect or disconnect subscribers.
  virtual void deliver(const SharedFrame& frames) = 0;
};

class ConnectionManager {
 public:
  void connect(const std::string& topic, std::shared_ptr<Subscriber> subscriber);
  void disconnect(const std::string& topic, const std::shared_ptr<Subscriber>& subscriber);
  void broadcast(const std::string& topic, const SharedFrame& frames);

  bool has_subscribers(const std::string& topic) const { return topics_.contains(topic); }
  std::size_t subscribers(const std::string& topic) const;

 private:
  std::map<std::string, std::set<std::shared_ptr<Subscriber>>> topics_;  // no topic without subscribers
};

}  // namespace webmacs
