#include "server/ingest/store_growth.h"

#include "server/store/growth.h"

#include <algorithm>

namespace webmacs {
namespace {

// Soon often, then seldom: a disk that is written each few seconds for this would wear.
constexpr std::chrono::seconds least_pause{10};
constexpr std::chrono::minutes longest_pause{10};
constexpr int samples_per_watch = 100;
constexpr std::chrono::hours memory{25};

bool is_due(const std::vector<SizeSample>& samples, Timestamp now) {
  if (samples.empty()) return true;
  const auto last = now - samples.back().taken;
  const std::chrono::microseconds pause = (now - samples.front().taken) / samples_per_watch;
  return last < std::chrono::seconds(0) ||
         last >= std::clamp<std::chrono::microseconds>(pause, least_pause, longest_pause);
}

}  // namespace

StoreFill StoreGrowth::look(Store& store, Timestamp now, std::int64_t max_bytes) {
  if (!samples_) samples_ = store.sizes();
  StoreFill fill;
  fill.room = store.room();
  fill.days_until_full = days_until_full(*samples_, now, fill.room, max_bytes);
  if (is_due(*samples_, now)) {
    const SizeSample sample{now, fill.room.record};
    store.add_size(sample, now - memory);
    std::erase_if(*samples_, [&](const SizeSample& each) { return each.taken < now - memory || each.taken >= now; });
    samples_->push_back(sample);
  }
  return fill;
}

}  // namespace webmacs
