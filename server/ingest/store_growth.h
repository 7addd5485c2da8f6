#pragma once
// Watches how the record grows, and notes its sizes in the store, so that a restart forgets nothing. The writer's.

#include "server/store/store.h"

#include <optional>
#include <vector>

namespace webmacs {

struct StoreFill {
  StoreRoom room;
  std::optional<double> days_until_full;  // growth.h
};

class StoreGrowth {
 public:
  // `max_bytes`: max_size, 0 where there is none.
  StoreFill look(Store& store, Timestamp now, std::int64_t max_bytes);

 private:
  std::optional<std::vector<SizeSample>> samples_;  // by time; empty before the first look
};

}  // namespace webmacs
