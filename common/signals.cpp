#include "common/signals.h"

#include <ctime>
#include <initializer_list>

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

bool stop_signal_within(std::chrono::microseconds wait) {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) sigaddset(&ends, signal);
  const auto whole = std::chrono::floor<std::chrono::seconds>(wait);
  const timespec time{whole.count(), std::chrono::nanoseconds(wait - whole).count()};
  return sigtimedwait(&ends, nullptr, &time) > 0;
}

SignalsBlocked::SignalsBlocked() {
  const sigset_t signals = all_but_faults();
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
}

SignalsBlocked::~SignalsBlocked() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace webmacs
