#include "common/backoff.h"

#include <algorithm>

namespace webmacs {

Backoff::Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
    : first_(std::min(first, longest)), longest_(longest), bound_(first_), random_(std::random_device{}()) {}

std::chrono::milliseconds Backoff::next() {
  constexpr std::chrono::milliseconds shortest(10);
  const auto bound = next_without_jitter();
  std::uniform_int_distribution<std::chrono::milliseconds::rep> wait(
      1, std::max<std::chrono::milliseconds::rep>(1, bound.count()));
  return std::max(shortest, std::chrono::milliseconds(wait(random_)));
}

std::chrono::milliseconds Backoff::next_upper_half() {
  const auto bound = next_without_jitter();
  return random_between(bound / 2, bound);
}

std::chrono::milliseconds Backoff::next_without_jitter() {
  const auto bound = bound_;
  bound_ = bound_ > longest_ / 2 ? longest_ : bound_ * 2;
  return bound;
}

void Backoff::reset() {
  bound_ = first_;
}

std::chrono::milliseconds random_between(std::chrono::milliseconds least, std::chrono::milliseconds most) {
  thread_local std::minstd_rand random(std::random_device{}());
  if (most <= least) return least;
  return std::chrono::milliseconds(
      std::uniform_int_distribution<std::chrono::milliseconds::rep>(least.count(), most.count())(random));
}

}  // namespace webmacs
