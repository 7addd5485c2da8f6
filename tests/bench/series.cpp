// Fills a store with 8 events x DAYS x 1 Hz and times series of it: webmacs-series STORE_URL DAYS. Prints one JSON
// object a line: {"name","milliseconds"} or {"name","value"}. Ranges lie about the middle of the whole, around a spike;
// one of one sample stands somewhere in the first half of each 60th part of it.

#include "server/store/series.h"

#include "common/timestamp.h"
#include "server/open_store.h"
#include "server/store/store.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <set>
#include <string>
#include <unistd.h>
#include <utility>

using namespace webmacs;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int events = 8;
constexpr std::size_t max_points = 500;
constexpr std::int64_t first_second = 1735689600;  // 2025-01-01
constexpr double spike = 1e6;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void show(const std::string& name, const char* what, double value) {
  std::printf("{\"name\": \"%s\", \"%s\": %.3f}\n", name.c_str(), what, value);
  std::fflush(stdout);
}

bool is_spike(std::int64_t second, std::int64_t seconds) {
  const std::int64_t part = seconds / 60;
  return second % part == (second / part * 7919) % (part / 2);
}

// The first spike from there on.
std::int64_t spike_near(std::int64_t second, std::int64_t seconds) {
  while (!is_spike(second, seconds)) ++second;
  return second;
}

void fill(Store& store, std::int64_t seconds) {
  constexpr std::int64_t at_once = 120;
  for (std::int64_t begin = 0; begin < seconds; begin += at_once) {
    IncomingBatch batch{"rig1", {}};
    for (std::int64_t second = begin; second < std::min(begin + at_once, seconds); ++second) {
      for (int event = 0; event < events; ++event) {
        const double value = is_spike(second, seconds)
                                 ? spike + static_cast<double>(second)
                                 : std::round(std::sin(static_cast<double>(second) / 900) * 1e4) / 1e2;
        batch.readings.push_back(
            {{"evt_" + std::to_string(event), from_microseconds((first_second + second) * 1000000), value, {}}, false});
      }
    }
    store.append(std::array{&batch});
  }
}

// All events over the range; answers how many spikes their series show.
std::size_t read_all(Store& store, std::int64_t from, std::int64_t to) {
  std::set<std::pair<std::int64_t, double>> spikes;
  for (const EventRecord& event : store.events()) {
    for (const SeriesPoint& point : read_series(store, event, from_microseconds((first_second + from) * 1000000),
                                                from_microseconds((first_second + to) * 1000000), max_points)) {
      if (point.value && *point.value >= spike) spikes.insert({event.key, *point.value});
    }
  }
  return spikes.size();
}

// The system forgets what it has of the store's file.
void drop_from_memory(const std::string& url) {
  const std::string scheme = "sqlite://";
  for (const char* suffix : {"", "-wal"}) {
    const int file = open((url.substr(scheme.size()) + suffix).c_str(), O_RDONLY);
    if (file < 0) continue;
    fdatasync(file);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string url = argv[1];
  const std::int64_t seconds = std::atoll(argv[2]) * 86400;
  auto store = open_store(url);
  auto begin = Clock::now();
  fill(*store, seconds);
  show("fill, rows/s", "value", static_cast<double>(seconds * events) / milliseconds_since(begin) * 1000);
  begin = Clock::now();
  while (store->summarize(std::chrono::milliseconds(100))) {
  }
  show("summarise, rows/s", "value", static_cast<double>(seconds * events) / milliseconds_since(begin) * 1000);

  for (const std::int64_t range : {std::int64_t{300}, std::int64_t{3600}, std::int64_t{4 * 3600}, std::int64_t{16000},
                                   std::int64_t{86400}, std::int64_t{3 * 86400}, std::int64_t{12 * 86400}, seconds}) {
    if (range > seconds) continue;
    const std::string name = std::to_string(range) + " s";
    const std::int64_t from =
        std::clamp<std::int64_t>(spike_near(seconds / 2, seconds) - range / 3, 0, seconds - range);
    store.reset();
    drop_from_memory(url);
    store = open_store(url);
    begin = Clock::now();
    std::size_t spikes = read_all(*store, from, from + range);
    show(name + " cold", "milliseconds", milliseconds_since(begin));
    double best = 1e9;
    for (int round = 0; round < 5; ++round) {
      begin = Clock::now();
      spikes = read_all(*store, from, from + range);
      best = std::min(best, milliseconds_since(begin));
    }
    show(name + " warm", "milliseconds", best);
    std::size_t expected = 0;
    for (std::int64_t second = from; second < from + range; ++second)
      expected += is_spike(second, seconds) ? events : 0;
    show(name + " spikes missing", "value", static_cast<double>(expected) - static_cast<double>(spikes));
    show(name + " spikes", "value", static_cast<double>(expected));
  }
  return 0;
}
