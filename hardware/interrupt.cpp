#include "hardware/interrupt.h"

#include "common/liveness.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <poll.h>
#include <system_error>
#include <unistd.h>

namespace webmacs {

Interrupt::Interrupt() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Interrupt::~Interrupt() {
  ::close(event_);
}

void Interrupt::raise() {
  raised_.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then every wait is awake already.
  [[maybe_unused]] const ssize_t written = ::write(event_, &one, sizeof one);
}

Interrupt::Wake Interrupt::wait(int descriptor, short events, std::chrono::steady_clock::time_point deadline) const {
  using namespace std::chrono;
  pollfd waits[2] = {{event_, POLLIN, 0}, {descriptor, events, 0}};
  for (;;) {
    const auto left = duration_cast<nanoseconds>(deadline - steady_clock::now()).count();
    if (left <= 0 && descriptor < 0) return raised() ? Wake::interrupted : Wake::deadline;
    note_turn();
    const std::int64_t bounded = std::clamp<std::int64_t>(left, 0, nanoseconds(longest_turn).count());
    const timespec timeout{static_cast<std::time_t>(bounded / 1'000'000'000),
                           static_cast<long>(bounded % 1'000'000'000)};
    const int ready = ::ppoll(waits, descriptor < 0 ? 1 : 2, &timeout, nullptr);
    if (raised()) return Wake::interrupted;
    if (ready > 0 && waits[1].revents != 0) return Wake::ready;
    if (ready < 0 && errno != EINTR) return Wake::ready;  // the following read or write reports what is wrong
    if (left <= 0) return Wake::deadline;
  }
}

}  // namespace webmacs
