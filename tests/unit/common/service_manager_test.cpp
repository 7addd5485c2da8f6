#include "common/service_manager.h"

#include "unit/notify_socket.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <unistd.h>

using namespace webmacs;

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
