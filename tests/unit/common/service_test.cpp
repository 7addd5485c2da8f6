#include "common/service.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <unistd.h>

using namespace webmacs;

namespace {

// Receives what the notifications send, as systemd would.
class NotifySocket {
 public:
  NotifySocket() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    const std::string name = "webmacs_notify_" + std::to_string(getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());  // in the abstract name space: no file is left behind
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    REQUIRE(bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  }
  ~NotifySocket() {
    unsetenv("NOTIFY_SOCKET");
    close(socket_);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  std::string take() {
    char text[1024];
    const ssize_t size = recv(socket_, text, sizeof text, 0);
    return size < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(size));
  }

 private:
  int socket_;
};

bool blocked(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

}  // namespace

TEST_CASE("systemd is told how the service is") {
  NotifySocket systemd;
  notify_ready();
  CHECK(systemd.take() == "READY=1");
  notify_status("12 controllers\nREADY=0");
  CHECK(systemd.take() == "STATUS=12 controllers READY=0");
  notify_watchdog();
  CHECK(systemd.take() == "WATCHDOG=1");
  notify_hanging();
  CHECK(systemd.take() == "WATCHDOG=trigger");
  notify_reloading();
  const std::string reloading = systemd.take();
  CHECK(reloading.rfind("RELOADING=1\nMONOTONIC_USEC=", 0) == 0);
  notify_stopping();
  CHECK(systemd.take() == "STOPPING=1");
}

TEST_CASE("without systemd nothing is sent and nothing fails") {
  unsetenv("NOTIFY_SOCKET");
  notify_ready();
  notify_status("alone");
  CHECK_FALSE(watchdog_interval());
}

TEST_CASE("the watchdog is fed twice as often as systemd asks") {
  setenv("WATCHDOG_USEC", "30000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  CHECK(watchdog_interval() == std::chrono::seconds(15));
  setenv("WATCHDOG_PID", "1", 1);
  CHECK_FALSE(watchdog_interval());
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
}

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

TEST_CASE("the limit of open files goes up to the hard limit") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(raise_descriptor_limit() == before.rlim_max);
  rlimit after{};
  getrlimit(RLIMIT_NOFILE, &after);
  CHECK(after.rlim_cur == before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}
