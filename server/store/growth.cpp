#include "server/store/growth.h"

#include <fmt/format.h>

#include <algorithm>

namespace webmacs {
namespace {

using Days = std::chrono::duration<double, std::ratio<86400>>;

// Over less time, or less growth, a rate is chance; an hour is enough for whatever grows slowly.
constexpr std::chrono::seconds shortest_watch{30};
constexpr std::chrono::hours long_watch{1};
constexpr std::int64_t least_growth = 64 * 1024;
constexpr double warn_below_days = 14;
constexpr double warn_below_share = 0.05;

std::string readable(std::int64_t bytes) {
  constexpr double mebi = 1024.0 * 1024.0;
  const double size = static_cast<double>(bytes) / mebi;
  return size < 1024 ? fmt::format("{:.1f} MiB", size) : fmt::format("{:.1f} GiB", size / 1024);
}

}  // namespace

std::optional<double> days_until_full(const std::vector<SizeSample>& samples, Timestamp now, const StoreRoom& room,
                                      std::int64_t max_bytes) {
  if (!room.left) return std::nullopt;
  if (max_bytes > 0 && max_bytes - room.bytes <= *room.left) return std::nullopt;
  const auto first = std::find_if(samples.begin(), samples.end(),
                                  [&](const SizeSample& each) { return each.taken >= now - std::chrono::hours(24); });
  if (first == samples.end()) return std::nullopt;
  const auto watched = now - first->taken;
  const std::int64_t grown = room.record - first->bytes;
  if (watched < shortest_watch || grown <= 0) return std::nullopt;
  if (watched < long_watch && grown < least_growth) return std::nullopt;
  return static_cast<double>(*room.left) / (static_cast<double>(grown) / Days(watched).count());
}

std::string disk_warning(const StoreRoom& room, const std::optional<double>& days) {
  if (days && *days < warn_below_days) {
    return fmt::format("the store's disk will be full in {:.1f} days at the present rate: {} are left", *days,
                       readable(*room.left));
  }
  if (room.left && room.on_disk &&
      static_cast<double>(*room.left) < warn_below_share * static_cast<double>(*room.on_disk)) {
    return fmt::format("the store's disk is nearly full: {} of {} are left", readable(*room.left),
                       readable(*room.on_disk));
  }
  return {};
}

}  // namespace webmacs
