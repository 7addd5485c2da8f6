// webmacs-fill-buffer PATH COUNT: an agent's buffer with COUNT readings, as an outage leaves it: 100 events, each every
// 100 ms, the last of them ten minutes ago. Written by the agent's own code.

#include "agent/buffer_file.h"
#include "common/timestamp.h"

#include <fmt/format.h>

#include <cmath>
#include <exception>
#include <iostream>
#include <stdexcept>

namespace {

using namespace webmacs;

constexpr std::int64_t events = 100;
constexpr std::int64_t readings_per_visit = 20'000;

void fill(const std::string& path, std::int64_t count) {
  BufferSettings settings;
  settings.path = path;
  settings.max_size = std::int64_t{4} << 30;
  BufferFile file(settings);
  const Timestamp last = utc_now() - std::chrono::minutes(10);
  const std::int64_t ticks = (count + events - 1) / events;
  BufferVisit visit;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t tick = i / events;
    const Timestamp time = last - std::chrono::milliseconds(100) * (ticks - tick);
    const double value = 50 + 40 * std::sin(static_cast<double>(tick) / 300);
    visit.keep.push_back({i + 1, false, {fmt::format("evt_{:03}", i % events), time, value, ""}, {}});
    if (visit.keep.size() == readings_per_visit || i + 1 == count) {
      if (!file.visit(visit).kept_all) throw std::runtime_error(path + ": not all was kept");
      visit.keep.clear();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 3) throw std::runtime_error("webmacs-fill-buffer PATH COUNT");
    fill(argv[1], std::stoll(argv[2]));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
