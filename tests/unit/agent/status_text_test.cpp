#include "agent/status_text.h"

#include "unit/notify_socket.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace std::chrono_literals;

TEST_CASE("all is well: how much is polled, and where it goes") {
  CHECK(status_text(12, {{"plc", true, ""}, {"gauge", true, ""}}, "connected to hub.lab:8000 as rig1", {}) ==
        "12 events of 2 devices; connected to hub.lab:8000 as rig1");
}

TEST_CASE("what is wrong stands in the line: devices, what waits, what was dropped, the buffer") {
  OutboxStatus buffer;
  buffer.backlog = 1200;
  buffer.dropped = 4;
  buffer.recovering = true;
  buffer.trouble = "disk full";
  CHECK(status_text(1, {{"plc", false, "timeout"}}, "not connected: no token", buffer) ==
        "1 events of 1 devices; plc offline: timeout; not connected: no token; 1200 readings wait; 4 were dropped; a "
        "damaged buffer is being read back; kept in memory only: disk full");
}

TEST_CASE("the service manager is told at the start, and then only what has changed") {
  NotifySocket systemd;
  boost::asio::io_context io;
  std::string text = "one";
  StatusText line(io, [&] { return text; });
  line.start();
  CHECK(systemd.take() == "STATUS=one");
  line.refresh();
  CHECK(systemd.take() == "nothing");
  text = "two";
  line.refresh();
  CHECK(systemd.take() == "STATUS=two");
  text = "three";
  line.stop();
  line.refresh();
  CHECK(systemd.take() == "nothing");
  CHECK(io.run() <= 1);  // no timer keeps the loop from its end
}
