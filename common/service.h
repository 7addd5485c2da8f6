#pragma once
// What a daemon owes the system: signals and systemd's notifications (sd_notify(3)). Without systemd the
// notifications do nothing.

#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>
#include <string>

namespace webmacs {

enum ExitCode : int { exit_ok = 0, exit_failure = 1, exit_usage = 2, exit_configuration = 78 };

// Blocks every signal in the calling thread and those it starts, except the ones a fault raises (SIGSEGV, SIGBUS,
// SIGFPE, SIGILL, SIGABRT); SIGPIPE is ignored for the process. Call first in main.
void block_signals();
// Lets SIGTERM, SIGINT and SIGHUP reach the calling (network) thread again, where a boost::asio::signal_set waits.
void unblock_service_signals();

// The same signals, blocked in this scope: a thread that starts within it never gets one.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

void notify_ready();
void notify_stopping();
void notify_reloading();
void notify_status(const std::string& text);  // a person reads it in `systemctl status`
void notify_watchdog();
void notify_hanging();  // the manager is to act at once as if the watchdog had not been fed
// How often notify_watchdog() is due (half of WatchdogSec=); empty when systemd does not watch.
std::optional<std::chrono::microseconds> watchdog_interval();

// Raises the limit of open files as far as the system lets us; returns the limit in force.
std::size_t raise_descriptor_limit();

}  // namespace webmacs
