#pragma once
// How long transactions took, from the writer's first statement to the durable commit: a histogram that is cheap to add
// to. One thread.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace webmacs {

struct CommitLatency {
  static constexpr std::array<double, 13> bounds{0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05,
                                                 0.1,    0.2,   0.5,   1,     2,    5};  // seconds, upper

  std::array<std::uint64_t, bounds.size() + 1> counts{};  // the last: longer than any bound
  double sum = 0;                                         // seconds

  void add(std::chrono::steady_clock::duration duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    std::size_t bucket = 0;
    while (bucket < bounds.size() && seconds > bounds[bucket]) ++bucket;
    ++counts[bucket];
    sum += seconds;
  }
};

}  // namespace webmacs
