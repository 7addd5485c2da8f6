#include "server/store/postgres/lost_commit.h"

namespace webmacs {
namespace {

// Long after a sender has come again, or never will.
constexpr std::chrono::minutes longest_memory{5};

}  // namespace

void LostCommit::remember(std::string transaction, std::span<const IncomingBatch* const> batches,
                          const std::vector<std::vector<AppendResult>>& results) {
  transaction_ = std::move(transaction);
  stored_.clear();
  for (std::size_t i = 0; i < batches.size(); ++i) {
    for (std::size_t j = 0; j < batches[i]->readings.size(); ++j) {
      const Reading& reading = batches[i]->readings[j].reading;
      if (results[i][j].outcome != Outcome::stored) continue;
      stored_.emplace(Name{reading.event_public_id, reading.time}, Stored{results[i][j], reading.value});
    }
  }
}

std::optional<AppendResult> LostCommit::witness() const {
  if (stored_.empty()) return std::nullopt;
  return stored_.begin()->second.result;
}

void LostCommit::settle(bool committed) {
  transaction_.clear();
  if (!committed) stored_.clear();
  settled_ = std::chrono::steady_clock::now();
}

std::optional<AppendResult> LostCommit::claim(const IncomingReading& incoming) {
  if (stored_.empty()) return std::nullopt;
  if (std::chrono::steady_clock::now() - settled_ > longest_memory) {
    stored_.clear();
    return std::nullopt;
  }
  const auto [begin, end] = stored_.equal_range({incoming.reading.event_public_id, incoming.reading.time});
  for (auto it = begin; it != end; ++it) {
    if (it->second.value != incoming.reading.value) continue;
    AppendResult result = it->second.result;
    stored_.erase(it);
    return result;
  }
  return std::nullopt;
}

}  // namespace webmacs
