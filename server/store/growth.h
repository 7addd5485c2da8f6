#pragma once
// When the disk will be full. Pure.

#include "server/store/records.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace webmacs {

// Returns how long the record can grow as it did over the last day, or since it is watched; empty where it does not
// grow, where that is not known yet, or where max_size (`max_bytes`, 0: none) holds it before the disk is full.
// `samples` are by time; `now` and `room` are the newest.
std::optional<double> days_until_full(const std::vector<SizeSample>& samples, Timestamp now, const StoreRoom& room,
                                      std::int64_t max_bytes);

// Returns what a person should be warned of, or an empty text: less than 14 days, or less than 5 % of the disk.
std::string disk_warning(const StoreRoom& room, const std::optional<double>& days);

}  // namespace webmacs
