#pragma once
// What the outbox's tests share: an outbox with a loop, and a hub that the test plays.

#include "agent/outbox.h"
#include "agent_test_tools.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace webmacs::agent_tests {

using Kind = Outbox::Kind;

inline BufferSettings buffer_at(const std::string& path, std::chrono::microseconds spill_after) {
  BufferSettings settings;
  settings.path = path;
  settings.max_size = 64 * 1024 * 1024;
  settings.spill_after = spill_after;
  return settings;
}

inline OutboxLimits quick() {
  OutboxLimits limits;
  limits.live_age = 150ms;
  limits.first_retry = 20ms;
  limits.longest_retry = 100ms;
  return limits;
}

// An outbox with a loop, and a hub played by the test.
struct Bench {
  explicit Bench(const std::string& path, std::chrono::microseconds spill_after = 1s, OutboxLimits limits = quick())
      : Bench(buffer_at(path, spill_after), limits) {}
  explicit Bench(BufferSettings settings, OutboxLimits limits = quick())
      : outbox(std::make_unique<Outbox>(io, std::move(settings), limits)) {}
  ~Bench() {
    if (outbox) outbox->flush_and_close();
  }

  // Takes one batch; what it holds.
  std::vector<Reading> take(Kind kind, std::int64_t batch, std::size_t most = 500) {
    std::vector<Reading> taken;
    outbox->take(kind, batch, [&](const Reading& reading) {
      if (taken.size() == most) return false;
      taken.push_back(reading);
      return true;
    });
    return taken;
  }
  // Takes and settles backlog until nothing waits any more; the values that came.
  std::vector<double> drain() {
    std::vector<double> values;
    std::int64_t batch = 1'000'000;
    const bool drained = run_until(
        io,
        [&] {
          for (;;) {
            const auto taken = take(Kind::backlog, ++batch);
            if (taken.empty()) break;
            for (const Reading& reading : taken) values.push_back(reading.value.value_or(-1));
            outbox->settle(batch);
          }
          return outbox->status().backlog == 0;
        },
        20000ms);
    CHECK(drained);
    return values;
  }
  bool opened() {
    return run_until(io, [this] { return outbox->status().bytes_on_disk > 0; });
  }
  boost::asio::io_context io;
  std::unique_ptr<Outbox> outbox;
};

inline std::int64_t rows_in(const std::string& path) {
  return summarise_buffer(path).rows;
}

inline std::vector<double> sequence(std::int64_t first, std::int64_t count) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<double>(first + i));
  return values;
}

}  // namespace webmacs::agent_tests
