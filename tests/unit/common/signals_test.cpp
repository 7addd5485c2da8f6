#include "common/signals.h"

#include <doctest/doctest.h>

#include <chrono>
#include <initializer_list>
#include <thread>
#include <unistd.h>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

bool blocked(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

}  // namespace

TEST_CASE("signals wait for the thread that wants them") {
  std::thread([] {
    block_signals();
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGALRM}) CHECK(blocked(signal));
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) CHECK_FALSE(blocked(signal));
    unblock_service_signals();
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) CHECK_FALSE(blocked(signal));
    CHECK(blocked(SIGUSR1));
  }).join();
  struct sigaction pipe {};
  sigaction(SIGPIPE, nullptr, &pipe);
  CHECK((pipe.sa_handler == SIG_IGN));
}

TEST_CASE("signals are blocked for a scope, then as before") {
  std::thread([] {
    CHECK_FALSE(blocked(SIGUSR1));
    {
      const SignalsBlocked scope;
      CHECK(blocked(SIGUSR1));
      CHECK_FALSE(blocked(SIGSEGV));
    }
    CHECK_FALSE(blocked(SIGUSR1));
  }).join();
}

TEST_CASE("a stop signal is waited for, taken once, and told from others") {
  std::thread([] {
    block_signals();
    CHECK_FALSE(stop_signal_within(0us));
    pthread_kill(pthread_self(), SIGUSR1);
    pthread_kill(pthread_self(), SIGINT);
    CHECK(stop_signal_within(10s));
    CHECK_FALSE(stop_signal_within(1ms));
    for (const int signal : {SIGTERM, SIGHUP, SIGPIPE}) {
      pthread_kill(pthread_self(), signal);
      CHECK(stop_signal_within(0us));
    }
    const auto before = std::chrono::steady_clock::now();
    CHECK_FALSE(stop_signal_within(20ms));
    CHECK(std::chrono::steady_clock::now() - before >= 20ms);
    const timespec now{};
    sigset_t user;
    sigemptyset(&user);
    sigaddset(&user, SIGUSR1);
    CHECK(sigtimedwait(&user, nullptr, &now) == SIGUSR1);  // it was left for somebody else
  }).join();
}
