#pragma once
// What people should know about a line beside its values: late replies, noise, strange frames. Each kind is logged once
// a minute with a count. Used by one line, on its thread.

#include "common/log.h"
#include "hardware/modbus_frame.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace webmacs {

class LineReport {
 public:
  explicit LineReport(std::string line) : line_(std::move(line)) {}

  void late_reply(int unit, std::chrono::microseconds after, std::chrono::microseconds timeout);
  void noise(std::size_t bytes);  // that belong to no frame
  // A correct frame that nobody asked for.
  void strange_frame(ByteView body);
  // Whether one came in the last hour.
  bool another_master(std::chrono::steady_clock::time_point now) const;

  struct Lateness {
    std::uint32_t replies = 0;            // that came too late, since the start
    std::chrono::microseconds longest{};  // from request to reply, in this hour
    std::chrono::steady_clock::time_point last{};
  };
  const Lateness& lateness_of(int unit) const { return late_by_unit_[static_cast<std::size_t>(unit)]; }
  std::uint64_t noise_bytes() const { return noise_bytes_; }

 private:
  const std::string line_;
  std::array<Lateness, 256> late_by_unit_{};
  std::uint64_t noise_bytes_ = 0;
  std::optional<std::chrono::steady_clock::time_point> last_strange_;
  RepeatedLog late_log_{LogLevel::warning};
  RepeatedLog noise_log_{LogLevel::info};
  RepeatedLog strange_log_{LogLevel::warning};
};

// What is wrong with a frame as the answer to `request`, and what would cure it.
std::string flaw_text(const ReadRequest& request, ByteView body, Flaw flaw);

}  // namespace webmacs
