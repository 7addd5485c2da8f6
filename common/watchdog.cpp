#include "common/watchdog.h"

#include "common/log.h"
#include "common/service_manager.h"

#include <algorithm>
#include <cstdlib>

namespace webmacs {

Watchdog::Watchdog(boost::asio::io_context& io, std::function<std::vector<Thread>()> threads,
                   std::function<void()> give_up)
    : Watchdog(io, std::move(threads), std::move(give_up), Timing()) {}

Watchdog::Watchdog(boost::asio::io_context& io, std::function<std::vector<Thread>()> threads,
                   std::function<void()> give_up, Timing timing)
    : timer_(io), threads_(std::move(threads)), give_up_(std::move(give_up)), timing_(timing) {}

void Watchdog::start() {
  const auto asked = watchdog_interval();
  if (!asked) return;
  interval_ = std::min<Clock::duration>(*asked, timing_.look_every);
  looked_ = running_since_ = Clock::now();
  arm();
}

void Watchdog::stop() {
  timer_.cancel();
  interval_ = {};
}

void Watchdog::arm() {
  timer_.expires_after(interval_);
  timer_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec && interval_.count() > 0) look();
  });
}

void Watchdog::look() {
  const Clock::time_point now = Clock::now();
  // Stopped, frozen, or moved to another host: the others have not had their turn either.
  if (now - looked_ > 2 * interval_) running_since_ = now;
  looked_ = now;
  for (const Thread& thread : threads_()) {
    const auto silent = now - std::max(thread.last_turn, running_since_);
    if (silent <= timing_.hung_after) continue;
    log_error("{} has been hanging for {} s: the program ends, to be started anew", thread.name,
              std::chrono::duration_cast<std::chrono::seconds>(silent).count());
    give_up_();
    return;
  }
  notify_watchdog();
  arm();
}

void abort_hanging_program() {
  notify_hanging();
  std::abort();
}

}  // namespace webmacs
