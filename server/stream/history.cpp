#include "server/stream/history.h"

namespace webmacs {
namespace {

std::size_t size_of(const FeedEntry& entry) {
  std::size_t bytes = sizeof(FeedEntry);
  if (const auto* point = std::get_if<FeedPoint>(&entry)) {
    bytes += point->encoded.capacity();
  } else {
    for (const auto& id : std::get<FeedBackfill>(entry).event_public_ids) bytes += sizeof(id) + id.capacity();
  }
  return bytes;
}

}  // namespace

void History::add(FeedEntry entry) {
  bytes_ += size_of(entry);
  entries_.push_back(std::move(entry));
  ++number_;
  while (bytes_ > limit_bytes_ && !entries_.empty()) {
    bytes_ -= size_of(entries_.front());
    entries_.pop_front();
  }
}

bool History::reaches_back_to(std::uint64_t number) const {
  return number <= number_ && number_ - number <= entries_.size();
}

}  // namespace webmacs
