#include "server/stream/history.h"

#include <algorithm>

namespace webmacs {
namespace {

constexpr std::size_t largest_block = 64 * 1024;
constexpr std::size_t blocks_in_a_small_history = 64;

// Texts of datapoints are counted with their blocks.
std::size_t size_of(const FeedEntry& entry) {
  std::size_t bytes = sizeof(FeedEntry);
  if (const auto* backfill = std::get_if<FeedBackfill>(&entry)) {
    for (const auto& id : backfill->event_public_ids) bytes += sizeof(std::string) + id.capacity();
  }
  return bytes;
}

}  // namespace

void History::add(const FeedPoint& point) {
  const std::size_t size = point.encoded.size();
  if (blocks_.empty() || blocks_.back().text.capacity() - blocks_.back().text.size() < size) {
    Block& block = blocks_.emplace_back();
    block.text.reserve(std::max(size, std::min(largest_block, limit_bytes_ / blocks_in_a_small_history)));
    bytes_ += sizeof(Block) + block.text.capacity();
  }
  Block& block = blocks_.back();
  const std::size_t begin = block.text.size();
  block.text += point.encoded;
  ++block.entries;
  push(FeedPoint{point.event_public_id, std::string_view(block.text).substr(begin, size)});
}

void History::add(FeedBackfill backfill) {
  push(std::move(backfill));
}

void History::push(FeedEntry entry) {
  bytes_ += size_of(entry);
  entries_.push_back(std::move(entry));
  ++number_;
  while (bytes_ > limit_bytes_ && !entries_.empty()) drop_oldest();
}

void History::drop_oldest() {
  bytes_ -= size_of(entries_.front());
  const bool has_text = std::holds_alternative<FeedPoint>(entries_.front());
  entries_.pop_front();
  if (!has_text || --blocks_.front().entries > 0) return;
  bytes_ -= sizeof(Block) + blocks_.front().text.capacity();
  blocks_.pop_front();
}

bool History::reaches_back_to(std::uint64_t number) const {
  return number <= number_ && number_ - number <= entries_.size();
}

}  // namespace webmacs
