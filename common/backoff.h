#pragma once
// Exponential backoff with jitter: a wait is a random part of a bound that doubles with each failure.

#include <chrono>
#include <random>

namespace webmacs {

class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest);
  // The next wait: uniform in (0, bound], never under 10 ms; the bound then doubles up to `longest`.
  std::chrono::milliseconds next();
  // The same, but uniform in [bound/2, bound].
  std::chrono::milliseconds next_upper_half();
  // The bound as it stands, doubled for the next call, without jitter: for waits that must not be short.
  std::chrono::milliseconds next_without_jitter();
  void reset();

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds longest_;
  std::chrono::milliseconds bound_;
  std::minstd_rand random_;
};

// Uniform in [least, most]. Any thread.
std::chrono::milliseconds random_between(std::chrono::milliseconds least, std::chrono::milliseconds most);

}  // namespace webmacs
