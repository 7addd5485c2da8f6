#pragma once
// What is known of damage in the store: shared by all who have it open, so that a damaged page is logged once, whoever
// meets it first, counted each time, and shown. Any thread.

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace webmacs {

class StoreDamage {
 public:
  // Counts a read or write that failed for damage. The log gets the first reason, and the next one a day later.
  void note(const std::string& reason);

  std::uint64_t count() const;
  std::string first_reason() const;  // empty: none was met since the hub started

 private:
  mutable std::mutex mutex_;
  std::chrono::steady_clock::time_point next_line_{};
  std::uint64_t count_ = 0;
  std::string first_reason_;
};

}  // namespace webmacs
