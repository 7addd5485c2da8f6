#include "server/stream/connection_manager.h"

namespace webmacs {

void ConnectionManager::connect(const std::string& topic, std::shared_ptr<Subscriber> subscriber) {
  topics_[topic].insert(std::move(subscriber));
}

void ConnectionManager::disconnect(const std::string& topic, const std::shared_ptr<Subscriber>& subscriber) {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  found->second.erase(subscriber);
  if (found->second.empty()) topics_.erase(found);
}

void ConnectionManager::broadcast(const std::string& topic, const SharedFrame& frames) {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  for (const auto& subscriber : found->second) subscriber->deliver(frames);
}

std::size_t ConnectionManager::subscribers(const std::string& topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? 0 : found->second.size();
}

}  // namespace webmacs
