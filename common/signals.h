#pragma once
// Signals of a program with threads: all are blocked everywhere, and one thread takes those that end or reload it.

#include <chrono>
#include <csignal>

namespace webmacs {

// Blocks every signal in the calling thread and those it starts, except the ones a fault raises (SIGSEGV, SIGBUS,
// SIGFPE, SIGILL, SIGABRT); SIGPIPE is ignored for the process. Call first in main.
void block_signals();

// Lets SIGTERM, SIGINT and SIGHUP reach the calling (network) thread again, where a boost::asio::signal_set waits.
void unblock_service_signals();

// Waits for SIGTERM, SIGINT, SIGHUP (the terminal is gone) or SIGPIPE (the reader is), which must be blocked, and takes
// it. Returns false when none came within `wait`. For programs without a network thread.
bool stop_signal_within(std::chrono::microseconds wait);

// The same signals as block_signals, blocked in this scope: a thread that starts within it never gets one.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace webmacs
