// Fills a store as the hub does, and brings its summaries up to date: webmacs-size STORE_URL ROWS EVENTS INTERVAL.
// Each of EVENTS is polled every INTERVAL seconds; the replies come some milliseconds apart, and a value wanders as a
// sensor's does, in the resolution of a float32 register.

#include "common/timestamp.h"
#include "server/open_store.h"
#include "server/store/store.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <string>
#include <vector>

using namespace webmacs;

namespace {

constexpr std::int64_t first = 1735689600000000;  // 2025-01-01
constexpr std::size_t transaction = 1000;

void fill(Store& store, std::int64_t rows, int events, double interval) {
  std::mt19937 random(11);
  std::normal_distribution<float> step(0, 0.05F);
  std::uniform_int_distribution<int> delay(200, 2500);  // microseconds from one reply to the next
  std::vector<float> values;
  for (int i = 0; i < events; ++i) values.push_back(20.0F + static_cast<float>(i));
  IncomingBatch batch{"rig1", {}};
  std::int64_t cycle = first, time = first;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto event = static_cast<std::size_t>(row % events);
    if (event == 0) {
      time = cycle;
      cycle += static_cast<std::int64_t>(interval * 1e6);
    }
    time += delay(random) % std::max(1, static_cast<int>(interval * 1e6 / events));
    values[event] += step(random);
    batch.readings.push_back(
        {{"evt_" + std::to_string(event), from_microseconds(time), static_cast<double>(values[event]), {}}, false});
    if (batch.readings.size() < transaction && row + 1 < rows) continue;
    store.append(std::array{&batch});
    batch.readings.clear();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  try {
    const auto store = open_store(argv[1]);
    fill(*store, std::atoll(argv[2]), std::atoi(argv[3]), std::atof(argv[4]));
    while (store->summarize(std::chrono::milliseconds(100))) {
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "webmacs-size: %s\n", error.what());
    return 1;
  }
}
