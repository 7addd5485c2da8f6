#include "hardware/rig_settings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

RigSettings read(const std::string& text) {
  const auto file = Ini::parse(text, "rig.ini");
  RigSettings rig = read_rig_settings(*file, 500ms);
  file->finish();
  return rig;
}

std::string mistakes(const std::string& text) {
  try {
    read(text);
  } catch (const ConfigurationError& error) {
    std::string all;
    for (const std::string& mistake : error.mistakes()) all += mistake + '\n';
    return all;
  }
  return "";
}

// Whether exactly one mistake is found: the one at this line that contains the words.
bool one_mistake(const std::string& text, const std::string& place, const std::string& words) {
  const std::string found = mistakes(text);
  const bool right = std::count(found.begin(), found.end(), '\n') == 1 && found.find("rig.ini:" + place) == 0 &&
                     found.find(words) != std::string::npos;
  if (!right) MESSAGE("found: ", found);
  return right;
}

const std::string device = "[device:plc]\nhost = 10.0.0.5\n";                      // lines 1-2
const std::string event = "[event:e]\ndevice = plc\nregister = holding:100\n";     // lines 3-5
const std::string good_event = "[event:good]\ndevice = plc\nregister = coil:1\n";  // whole

std::string with_device_line(const std::string& line) {
  return device + line + "\n" + good_event;
}
std::string with_event_line(const std::string& line) {
  return device + event + "type = float32\n" + line + "\n";
}

}  // namespace

TEST_CASE("the contract's example is read, and everything else has its default") {
  const RigSettings rig = read(R"([device:plc]
host = 192.168.0.10
[device:gauge]
serial = /dev/ttyUSB0
baud = 9600
parity = none
stop_bits = 2
unit = 7
timeout = 250ms
[event:evt_temp01]
device = plc
register = holding:100
type = float32
order = GHEFCDAB
scale = 0.1
offset = -3
name = Inlet temperature
unit = °C
min_value = 0
max_value = 200
poll_interval = 2s
deadband = 0.05
max_silence = 60s
[event:valve]
device = plc
register = coil:65535
[event:alarm]
device = gauge
register = input:0
type = bool
bit = 15
)");
  REQUIRE(rig.devices.size() == 2);
  CHECK(rig.devices[0].line() == "tcp 192.168.0.10:502");
  CHECK(rig.devices[0].unit == 1);
  CHECK(rig.devices[0].timeout == 1s);
  CHECK(rig.devices[0].retries == 1);
  CHECK(rig.devices[0].max_registers == 125);
  CHECK(rig.devices[0].max_gap == 16);
  CHECK(rig.devices[1].transport == Transport::rtu);
  CHECK(rig.devices[1].line() == "rtu /dev/ttyUSB0");
  CHECK(rig.devices[1].baud == 9600);
  CHECK(rig.devices[1].parity == Parity::none);
  CHECK(rig.devices[1].stop_bits == 2);
  CHECK(rig.devices[1].timeout == 250ms);

  REQUIRE(rig.events.size() == 3);
  const EventSettings& temperature = rig.events[0];
  CHECK(temperature.event_public_id == "evt_temp01");
  CHECK(temperature.where.kind == RegisterKind::holding);
  CHECK(temperature.where.address == 100);
  CHECK(temperature.where.type == ValueType::float32);
  CHECK(temperature.where.order == ByteOrder::cdab);
  CHECK(temperature.where.scaling.scale() == Decimal{1, -1});
  CHECK(temperature.where.scaling.offset() == Decimal{-3, 0});
  CHECK(temperature.where.bit == -1);
  CHECK(temperature.unit == "°C");
  CHECK(temperature.poll_interval == 2s);
  CHECK(temperature.deadband == 0.05);
  CHECK(temperature.max_silence == 60s);
  CHECK(rig.events[1].where.type == ValueType::boolean);
  CHECK(rig.events[1].where.address == 65535);
  CHECK(rig.events[1].poll_interval == 500ms);
  CHECK_FALSE(rig.events[1].deadband);
  CHECK(rig.events[2].where.bit == 15);
  CHECK(rig.device("gauge") == &rig.devices[1]);
  CHECK(rig.device("other") == nullptr);
}

TEST_CASE("a deadband always has a longest silence, of the event's own measure where none is given") {
  const auto silence_of = [](const std::string& lines) {
    return read("[device:plc]\nhost = plc.lab\n[event:e]\ndevice = plc\nregister = input:0\ntype = uint16\n" + lines)
        .events.at(0)
        .max_silence;
  };
  CHECK_FALSE(silence_of(""));
  CHECK(silence_of("deadband = 1\n") == 60s);
  CHECK(silence_of("deadband = 1\npoll_interval = 1min\n") == 10min);
  CHECK(silence_of("deadband = 1\nmax_silence = 5s\n") == 5s);
  // It cannot be reported more often than it is polled, and the hub is told what holds.
  CHECK(silence_of("deadband = 1\nmax_silence = 5s\npoll_interval = 1min\n") == 1min);
}

TEST_CASE("a device that counts from 1 has its addresses shifted") {
  const std::string counted = device + "first_address = 1\n";
  const RigSettings rig = read(counted + "[event:a]\ndevice = plc\nregister = coil:1\n");
  CHECK(rig.events[0].where.address == 0);
  CHECK(one_mistake(counted + "[event:a]\ndevice = plc\nregister = coil:0\n", "6: [event:a] register",
                    "before the first one"));
  CHECK(mistakes(counted + "[event:a]\ndevice = plc\nregister = holding:65535\ntype = float32\n") == "");
}

TEST_CASE("devices on one line, and lines of their own") {
  const RigSettings rig = read(
      "[device:a]\nhost = gw\nunit = 1\n[device:b]\nhost = gw\nunit = 2\n[device:c]\nhost = gw\nport = 503\n"
      "[device:d]\nhost = fe80::1\n[event:e]\ndevice = a\nregister = coil:0\n");
  CHECK(rig.devices[0].line() == rig.devices[1].line());
  CHECK(rig.devices[0].line() != rig.devices[2].line());
  CHECK(rig.devices[3].line() == "tcp [fe80::1]:502");
}

TEST_CASE("mistakes in a device, each with its line") {
  CHECK(one_mistake("[device:plc]\nunit = 2\n" + good_event, "1: [device:plc] host", "host or serial is required"));
  CHECK(one_mistake(with_device_line("transport = udp"), "3: [device:plc] transport", "tcp, rtu, rtu_over_tcp"));
  CHECK(one_mistake(with_device_line("port = 0"), "3: [device:plc] port", "1 … 65535"));
  CHECK(one_mistake(with_device_line("port = 502x"), "3: [device:plc] port", "whole number"));
  CHECK(one_mistake(with_device_line("unit = 256"), "3: [device:plc] unit", "0 … 255"));
  CHECK(mistakes(with_device_line("unit = 0")) == "");
  CHECK(mistakes(with_device_line("unit = 255")) == "");
  CHECK(one_mistake(with_device_line("timeout = 0"), "3: [device:plc] timeout", "out of range"));
  CHECK(one_mistake(with_device_line("timeout = fast"), "3: [device:plc] timeout", "not a duration"));
  CHECK(one_mistake(with_device_line("retries = -1"), "3: [device:plc] retries", "0 … 10"));
  CHECK(one_mistake(with_device_line("max_registers = 126"), "3: [device:plc] max_registers", "1 … 125"));
  CHECK(one_mistake(with_device_line("max_gap = 125"), "3: [device:plc] max_gap", "0 … 124"));
  CHECK(one_mistake(with_device_line("first_address = 2"), "3: [device:plc] first_address", "0 … 1"));
  CHECK(one_mistake(with_device_line("baud = 9600"), "3: [device:plc] baud", "only with rtu"));
  CHECK(one_mistake(with_device_line("rs485 = true"), "3: [device:plc] rs485", "only with rtu"));
  CHECK(
      one_mistake(with_device_line("max_register = 5"), "3: [device:plc] max_register", "did you mean max_registers"));
  CHECK(one_mistake("[device:plc]\nhost = 10.0.0.5 502\n" + good_event, "2: [device:plc] host", "not a host"));
}

TEST_CASE("mistakes in a serial device") {
  const std::string serial = "[device:plc]\nserial = /dev/ttyS0\n";
  CHECK(mistakes(serial + good_event) == "");
  CHECK(one_mistake(serial + "unit = 0\n" + good_event, "3: [device:plc] unit", "1 … 255"));
  CHECK(one_mistake(serial + "unit = 256\n" + good_event, "3: [device:plc] unit", "1 … 255"));
  CHECK(mistakes(serial + "unit = 255\necho = true\npause_after_connect = 2s\nconnection = per_poll\n" + good_event) ==
        "");
  CHECK(one_mistake(serial + "pipeline = 2\n" + good_event, "3: [device:plc] pipeline", "only with tcp"));
  CHECK(one_mistake(serial + "connection = never\n" + good_event, "3: [device:plc] connection", "keep, per_poll"));
  CHECK(one_mistake(with_device_line("echo = true"), "3: [device:plc] echo", "no meaning"));
  CHECK(one_mistake(with_device_line("pipeline = 17"), "3: [device:plc] pipeline", "1 … 16"));
  CHECK(mistakes(with_device_line("pipeline = 16")) == "");
  CHECK(one_mistake(serial + "baud = 19201\n" + good_event, "3: [device:plc] baud", "standard rate"));
  CHECK(one_mistake(serial + "parity = mark\n" + good_event, "3: [device:plc] parity", "none, even, odd"));
  CHECK(one_mistake(serial + "stop_bits = 3\n" + good_event, "3: [device:plc] stop_bits", "1 … 2"));
  CHECK(one_mistake(serial + "host = 10.0.0.5\n" + good_event, "3: [device:plc] host", "no meaning"));
  CHECK(one_mistake(serial + "port = 502\n" + good_event, "3: [device:plc] port", "no meaning"));
  CHECK(one_mistake("[device:plc]\ntransport = rtu\n" + good_event, "1: [device:plc] serial", "missing"));
}

TEST_CASE("devices that share a line must agree on it") {
  const std::string two = "[device:plc]\nserial = /dev/ttyS0\n[device:b]\nserial = /dev/ttyS0\nunit = 2\n";
  CHECK(mistakes(two + good_event) == "");
  for (const char* key : {"echo = true", "pause_after_connect = 1s", "connection = per_poll"}) {
    const std::string text = key;
    CHECK(one_mistake(two + text + "\n" + good_event, "6: [device:b] " + text.substr(0, text.find(' ')),
                      "device plc (line 1) has another one"));
  }
  CHECK(one_mistake(two + "baud = 9600\n" + good_event, "6: [device:b] baud", "device plc (line 1) has 19200"));
  CHECK(one_mistake(two + "parity = odd\n" + good_event, "6: [device:b] parity", "device plc (line 1)"));
  CHECK(one_mistake(two + "stop_bits = 2\n" + good_event, "6: [device:b] stop_bits", "device plc (line 1)"));
  CHECK(one_mistake(device + "[device:b]\nhost = 10.0.0.5\n" + good_event, "3: [device:b] unit",
                    "unit 1 of this line is already device plc"));
  CHECK(one_mistake(device + "[device:b]\nhost = 10.0.0.5\ntransport = rtu_over_tcp\nunit = 2\n" + good_event,
                    "5: [device:b] transport", "speaks tcp"));
}

TEST_CASE("mistakes in an event, each with its line") {
  CHECK(one_mistake(device, "1", "no event is described"));
  CHECK(one_mistake(device + "[event:a b]\ndevice = plc\nregister = coil:0\n", "3: [event:a b]", "event_public_id"));
  CHECK(one_mistake(device + "[event:e]\nregister = coil:0\n", "3: [event:e] device", "missing"));
  CHECK(one_mistake(device + "[event:e]\ndevice = plcc\nregister = coil:0\n", "4: [event:e] device",
                    "did you mean plc?"));
  CHECK(one_mistake("[event:e]\ndevice = plc\nregister = coil:0\n", "2: [event:e] device", "no device is described"));
  CHECK(one_mistake(device + "[event:e]\ndevice = plc\n", "3: [event:e] register", "missing"));
  for (const char* wrong :
       {"holding", "holding:", "holding:x", "holding:-1", "holding:65536", "holding:1 2", "coils:1", ":5", "100"}) {
    CHECK(one_mistake(device + "[event:e]\ndevice = plc\nregister = " + wrong + "\n", "5: [event:e] register",
                      "is not a register"));
  }
  CHECK(one_mistake(device + event, "3: [event:e] type", "missing"));
  CHECK(one_mistake(device + event + "type = float\n", "6: [event:e] type", "float32"));
  CHECK(one_mistake(with_event_line("order = ACBD"), "7: [event:e] order", "ABCD, CDAB"));
  CHECK(one_mistake(with_event_line("scale = 0"), "7: [event:e] scale", "must not be 0"));
  CHECK(one_mistake(with_event_line("scale = nan"), "7: [event:e] scale", "not a number"));
  CHECK(one_mistake(with_event_line("scale = 0.1234567890123456789"), "7: [event:e] scale", "more than 18 digits"));
  CHECK(mistakes(with_event_line("scale = 0.123456789012345678000")) == "");
  CHECK(one_mistake(with_event_line("offset = high"), "7: [event:e] offset", "not a number"));
  CHECK(one_mistake(with_event_line("min_value = 5\nmax_value = 5"), "8: [event:e] max_value", "greater than"));
  CHECK(one_mistake(with_event_line("poll_interval = 5ms"), "7: [event:e] poll_interval", "out of range"));
  CHECK(one_mistake(with_event_line("poll_interval = 86401"), "7: [event:e] poll_interval", "out of range"));
  CHECK(one_mistake(with_event_line("deadband = -1"), "7: [event:e] deadband", "out of range"));
  CHECK(one_mistake(with_event_line("max_silence = 60s"), "7: [event:e] max_silence", "without a deadband"));
  CHECK(one_mistake(with_event_line("bit = 3"), "7: [event:e] bit", "no meaning"));
  CHECK(one_mistake(with_event_line("regster = coil:0"), "7: [event:e] regster", "did you mean register"));
}

TEST_CASE("type, bit and place must fit each other") {
  const auto placed = [](const std::string& where, const std::string& rest) {
    return device + "[event:e]\ndevice = plc\nregister = " + where + "\n" + rest;
  };
  CHECK(one_mistake(placed("coil:0", "type = float32\n"), "6: [event:e] type", "does not fit a coil"));
  CHECK(one_mistake(placed("discrete:0", "type = uint16\n"), "6: [event:e] type", "does not fit a discrete"));
  CHECK(mistakes(placed("discrete:0", "type = bool\n")) == "");
  CHECK(one_mistake(placed("coil:0", "bit = 0\n"), "6: [event:e] bit", "no meaning"));
  CHECK(one_mistake(placed("input:0", "type = bool\n"), "3: [event:e] bit", "missing"));
  CHECK(one_mistake(placed("input:0", "type = bool\nbit = 16\n"), "7: [event:e] bit", "0 … 15"));
  CHECK(one_mistake(placed("holding:65535", "type = uint32\n"), "5: [event:e] register", "beyond the last"));
  CHECK(one_mistake(placed("holding:65533", "type = float64\n"), "5: [event:e] register", "beyond the last"));
  CHECK(mistakes(placed("holding:65532", "type = float64\n")) == "");
  CHECK(one_mistake(
      "[device:plc]\nhost = h\nmax_registers = 3\n[event:e]\ndevice = plc\nregister = input:0\ntype = int64\n",
      "7: [event:e] type", "max_registers = 3"));
}

TEST_CASE("raw values that mean none are bits of the type, written in any way that it has") {
  const auto bits = [](const std::string& type, const std::string& list) {
    return read(device + event + "type = " + type + "\ninvalid = " + list + "\n").events[0].where.invalid;
  };
  using Bits = std::vector<std::uint64_t>;
  CHECK(bits("int16", "0x8000, 0x7FFF") == Bits{0x8000, 0x7FFF});
  CHECK(bits("int16", "-32768,32767") == Bits{0x8000, 0x7FFF});
  CHECK(bits("uint16", "65535") == Bits{0xFFFF});
  CHECK(bits("int32", "0x80000000, -1") == Bits{0x80000000, 0xFFFFFFFF});
  CHECK(bits("uint32", "0XFFFFFFFF") == Bits{0xFFFFFFFF});
  CHECK(bits("int64", "-1") == Bits{0xFFFFFFFFFFFFFFFF});
  CHECK(bits("uint64", "18446744073709551615, 0xFFFFFFFFFFFFFFFE") == Bits{0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFE});
  CHECK(bits("float32", "-9999") == Bits{0xC61C3C00});
  CHECK(bits("float32", "3.14, 0x7F7FFFFF") == Bits{0x4048F5C3, 0x7F7FFFFF});
  CHECK(bits("float32", "0") == Bits{0, 0x80000000});  // a zero has two signs
  CHECK(bits("float16", "0x7E00, -1, 0") == Bits{0x7E00, 0xBC00, 0, 0x8000});
  CHECK(bits("float64", "-999.9") == Bits{0xC08F3F3333333333});

  const auto wrong = [](const std::string& type, const std::string& list, const std::string& words) {
    return one_mistake(device + event + "type = " + type + "\ninvalid = " + list + "\n", "7: [event:e] invalid", words);
  };
  CHECK(wrong("int16", "32768", "\"32768\" is not a raw value of int16"));
  CHECK(wrong("int16", "0x18000", "up to 4 digits"));
  CHECK(wrong("uint32", "-1", "not a raw value"));
  CHECK(wrong("uint32", "0x100000000", "up to 8 digits"));
  CHECK(wrong("float32", "1e39", "not a raw value"));
  CHECK(wrong("float16", "70000", "not a raw value"));
  CHECK(wrong("float32", "nan", "not a raw value"));
  CHECK(wrong("float32", "0x", "not a raw value"));
  CHECK(one_mistake(device + "[event:e]\ndevice = plc\nregister = coil:1\ninvalid = 1\n", "6: [event:e] invalid",
                    "no meaning with a bool"));
}

TEST_CASE("a condition names a register that the same request can read") {
  const auto with = [](const std::string& condition, const std::string& more = "") {
    return "[device:plc]\nhost = h\n" + more + "[event:e]\ndevice = plc\nregister = holding:100\ntype = float32\n" +
           "bad_when = " + condition + "\n";
  };
  const auto status = [&](const std::string& condition, const std::string& more = "") {
    return read(with(condition, more)).events[0].where.bad_when.value();
  };
  CHECK(status("holding:75 bit=5") == StatusRegister{75, 5, {1}});
  CHECK(status("holding:75 bit = 5 = 0") == StatusRegister{75, 5, {0}});
  CHECK(status("holding:75 = 2,3") == StatusRegister{75, -1, {2, 3}});
  CHECK(status("holding:75=0xFFFF , 4") == StatusRegister{75, -1, {0xFFFF, 4}});
  CHECK(status("holding:75 = 1", "first_address = 1\n").address == 74);
  const std::string bits = "[device:plc]\nhost = h\n[event:e]\ndevice = plc\nregister = discrete:4\nbad_when = ";
  CHECK(read(bits + "discrete:1000\n").events[0].where.bad_when == StatusRegister{1000, -1, {1}});
  CHECK(read(bits + "discrete:6 = 0\n").events[0].where.bad_when == StatusRegister{6, -1, {0}});

  const std::string place = "7: [event:e] bad_when";
  for (const char* wrong : {"75 bit=5", "holding:75", "holding:75 bit=16", "holding:75 bit 5", "holding:75 bit=5 = 2",
                            "holding:75 = ", "holding:75 = 2,", "holding:75 = 65536", "holding:75 is 2",
                            "holding:75 bit=", "holding:x = 2"}) {
    CAPTURE(wrong);
    CHECK(one_mistake(with(wrong), place, "is not a condition"));
  }
  CHECK(one_mistake(bits + "discrete:6 bit=0\n", "6: [event:e] bad_when", "is not a condition"));
  CHECK(one_mistake(with("input:75 bit=5"), place, "must be a holding, too"));
  CHECK(one_mistake(with("holding:0 = 1", "first_address = 1\n"), "8: [event:e] bad_when", "before the first one"));
  CHECK(mistakes(with("holding:224 = 1")) == "");  // 125 registers
  CHECK(one_mistake(with("holding:225 = 1"), place, "both need 126 in one request (at most 125)"));
  CHECK(one_mistake(with("holding:110 = 1", "max_registers = 10\n"), "8: [event:e] bad_when", "at most 10"));
  CHECK(one_mistake(bits + "discrete:2004\n", "6: [event:e] bad_when", "at most 2000"));
}

TEST_CASE("all mistakes of a file are named at once, in the file's order") {
  const std::string found = mistakes(
      "[device:plc]\nport = 0\n[event:e]\ndevice = other\nregister = nowhere:1\ntype = text\n[event:e]\n[evnt:f]\n");
  for (const char* line :
       {"rig.ini:1:", "rig.ini:2:", "rig.ini:4:", "rig.ini:5:", "rig.ini:6:", "rig.ini:7:", "rig.ini:8:"}) {
    CAPTURE(found);
    CHECK(found.find(line) != std::string::npos);
  }
}

TEST_CASE("settings compare equal only when nothing changed") {
  const RigSettings before = read(device + good_event);
  CHECK(before.devices[0] == read(device + good_event).devices[0]);
  CHECK(before.events[0] == read(device + good_event).events[0]);
  CHECK_FALSE(before.devices[0] == read(with_device_line("pause = 5ms")).devices[0]);
  CHECK_FALSE(before.events[0] == read(device + good_event + "scale = 2\n").events[0]);
}
