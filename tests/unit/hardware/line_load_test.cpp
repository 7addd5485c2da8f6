// What the speed of a serial line allows.
#include "hardware/line_load.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

DeviceSettings meter(int baud) {
  DeviceSettings device;
  device.name = "meter";
  device.transport = Transport::rtu;
  device.serial = "/dev/ttyS0";
  device.baud = baud;
  device.parity = Parity::none;
  return device;
}

std::vector<EventSettings> neighbours(int count, std::chrono::microseconds interval) {
  std::vector<EventSettings> events(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    EventSettings& event = events[static_cast<std::size_t>(i)];
    event.event_public_id = "e" + std::to_string(i);
    event.device = "meter";
    event.where.address = static_cast<std::uint16_t>(i);
    event.poll_interval = interval;
  }
  return events;
}

}  // namespace

TEST_CASE("a read takes its bytes at ten bits each, and the silences around them") {
  const PlannedRead read{.kind = RegisterKind::holding, .count = 124};
  // 8 and 253 bytes at 2400 baud, and twice 3.5 characters of 11 bits.
  CHECK(std::chrono::round<std::chrono::milliseconds>(time_on_wire(meter(2400), read)) == 1120ms);
  DeviceSettings tcp = meter(2400);
  tcp.transport = Transport::tcp;
  CHECK(time_on_wire(tcp, read) == 0us);
}

TEST_CASE("no read is merged so far that it takes longer than half of its poll interval") {
  for (const int baud : {1200, 2400, 9600, 19200}) {
    for (const auto interval : {200ms, 500ms, 1000ms, 5000ms}) {
      CAPTURE(baud);
      CAPTURE(interval.count());
      const auto events = neighbours(125, interval);
      for (const PlannedPoll& poll : planned_polls(meter(baud), events)) {
        for (const PlannedRead& read : poll.reads) {
          CHECK((read.count == 1 || time_on_wire(meter(baud), read) <= interval / 2));
        }
      }
      const int longest = read_limits(meter(baud), interval).max_registers;
      const PlannedRead longer{.kind = RegisterKind::holding, .count = longest + 1};
      CHECK((longest == 125 || time_on_wire(meter(baud), longer) > interval / 2));
    }
  }
  CHECK(read_limits(meter(115200), 500ms).max_registers == 125);
}

TEST_CASE("a line's load is the time of its requests, and the interval that fits is told") {
  RigSettings rig;
  rig.devices = {meter(2400)};
  rig.events = neighbours(60, 500ms);
  const auto loads = line_loads(rig);
  REQUIRE(loads.size() == 1);
  CHECK(loads[0].line == "rtu /dev/ttyS0");
  CHECK(loads[0].share > 1);
  for (EventSettings& event : rig.events) event.poll_interval = loads[0].fitting_interval;
  CHECK(line_loads(rig)[0].share <= 1);
  rig.devices[0].transport = Transport::tcp;
  CHECK(line_loads(rig).empty());
}
