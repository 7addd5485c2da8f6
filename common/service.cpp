#include "common/service.h"

#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include <cstdint>
#include <ctime>

namespace webmacs {
namespace {

sigset_t all_but_faults() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigdelset(&signals, fault);
  return signals;
}

}  // namespace

void block_signals() {
  const sigset_t signals = all_but_faults();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void unblock_service_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

SignalsBlocked::SignalsBlocked() {
  const sigset_t signals = all_but_faults();
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
}

SignalsBlocked::~SignalsBlocked() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void notify_ready() {
  sd_notify(0, "READY=1");
}

void notify_stopping() {
  sd_notify(0, "STOPPING=1");
}

void notify_reloading() {
  // MONOTONIC_USEC is what Type=notify-reload (systemd 253) asks for beside it; older ones ignore it.
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto microseconds = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
  sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds)).c_str());
}

void notify_status(const std::string& text) {
  // A line break would start another assignment.
  std::string line = "STATUS=" + text;
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  sd_notify(0, line.c_str());
}

void notify_watchdog() {
  sd_notify(0, "WATCHDOG=1");
}

void notify_hanging() {
  sd_notify(0, "WATCHDOG=trigger");
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  std::uint64_t timeout = 0;
  if (sd_watchdog_enabled(0, &timeout) <= 0) return std::nullopt;
  return std::chrono::microseconds(timeout / 2);
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  rlimit raised = limit;
  raised.rlim_cur = raised.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return limit.rlim_cur;
}

}  // namespace webmacs
