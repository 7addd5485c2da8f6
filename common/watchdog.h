#pragma once
// Ties the service manager's watchdog to every thread of a program: it is fed while all of them turn. One that does not
// for `hung_after` ends the program, and the manager starts it anew: with WatchdogSec=20 within 30 s of the moment at
// which it got stuck. A network thread that hangs does not feed it. Network thread only.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace webmacs {

class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;
  struct Thread {
    std::string name;  // for the log: "the buffer's writer"
    Clock::time_point last_turn;
  };
  struct Timing {
    // Longer than a flash card collects its garbage or a disk spins up.
    Clock::duration hung_after = std::chrono::seconds(15);
    // Between two looks; shorter when the manager asks for it.
    Clock::duration look_every = std::chrono::seconds(2);
  };

  // `threads` is asked at each look. `give_up` ends the program after it has saved what can be saved: the log says
  // already who hangs.
  Watchdog(boost::asio::io_context& io, std::function<std::vector<Thread>()> threads, std::function<void()> give_up);
  Watchdog(boost::asio::io_context& io, std::function<std::vector<Thread>()> threads, std::function<void()> give_up,
           Timing timing);

  void start();  // does nothing when no manager watches
  void stop();

 private:
  void arm();
  void look();

  boost::asio::steady_timer timer_;
  const std::function<std::vector<Thread>()> threads_;
  const std::function<void()> give_up_;
  const Timing timing_;
  Clock::duration interval_{};
  Clock::time_point looked_{};
  Clock::time_point running_since_{};  // what was not seen before that is no fault: the whole process slept
};

// Tells the manager that this program hangs, and aborts: the core dump shows where.
[[noreturn]] void abort_hanging_program();

}  // namespace webmacs
