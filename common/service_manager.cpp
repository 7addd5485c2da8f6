#include "common/service_manager.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>
#include <ctime>

namespace webmacs {

void notify_ready() {
  sd_notify(0, "READY=1");
}

void notify_stopping() {
  sd_notify(0, "STOPPING=1");
}

void notify_reloading() {
  // MONOTONIC_USEC is what Type=notify-reload (systemd 253) asks for beside it; older ones ignore it.
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto microseconds = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
  sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds)).c_str());
}

void notify_status(const std::string& text) {
  // A line break would start another assignment.
  std::string line = "STATUS=" + text;
  std::ranges::replace_if(
      line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  sd_notify(0, line.c_str());
}

void notify_watchdog() {
  sd_notify(0, "WATCHDOG=1");
}

void notify_hanging() {
  sd_notify(0, "WATCHDOG=trigger");
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  std::uint64_t timeout = 0;
  if (sd_watchdog_enabled(0, &timeout) <= 0) return std::nullopt;
  return std::chrono::microseconds(timeout / 2);
}

}  // namespace webmacs
