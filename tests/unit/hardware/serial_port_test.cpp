// A serial line held by one program, told of by its name; the times of its characters.
#include "hardware/serial_port.h"

#include "hardware/simulator/pseudo_terminal.h"
#include "unit/temporary_folder.h"

#include <doctest/doctest.h>

#include <fstream>
#include <unistd.h>

using namespace webmacs;
using namespace std::chrono_literals;

TEST_CASE("a line that is held is refused with the holder's process, and free after its release") {
  PseudoTerminal line;
  SerialLock first, second;
  REQUIRE(first.take(line.path()) == "");
  CHECK(second.take(line.path()).find("(process " + std::to_string(::getpid()) + ")") != std::string::npos);
  first.release();
  CHECK(second.take(line.path()) == "");
  second.make_exclusive();
  second.release();
  CHECK(first.take(line.path()) == "");  // neither lock nor exclusiveness is left behind
}

TEST_CASE("what is no line is refused in words") {
  TemporaryFolder folder;
  SerialLock lock;
  CHECK(lock.take(folder.file("missing")) == "No such file or directory");
  CHECK(lock.take("/dev/tty-that-is-not-there").starts_with("No such file or directory; "));
  std::ofstream(folder.file("text")) << "text";
  CHECK(lock.take(folder.file("text")).starts_with("no serial port: "));
  CHECK(lock.take(folder.path()) != "");
}

TEST_CASE("parity and stop bits lengthen a character, and fast lines keep a gap of 1.75 ms") {
  DeviceSettings settings;
  settings.baud = 1000;
  settings.parity = Parity::none;
  settings.stop_bits = 1;
  CHECK(character_time(settings) == 10ms);
  settings.parity = Parity::even;
  settings.stop_bits = 2;
  CHECK(character_time(settings) == 12ms);
  settings.baud = 9600;
  CHECK(frame_gap(settings) == 4010us);  // 3.5 characters of 11 bits
  settings.baud = 115200;
  CHECK(frame_gap(settings) == 1750us);
}
