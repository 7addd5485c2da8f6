// What a line says of itself beside its values.
#include "hardware/line_report.h"

#include <doctest/doctest.h>

#include <vector>

using namespace webmacs;
using namespace std::chrono_literals;

TEST_CASE("late replies are counted for each unit, the longest is kept") {
  LineReport report("/dev/ttyS0");
  report.late_reply(3, 700ms, 500ms);
  report.late_reply(3, 900ms, 500ms);
  report.late_reply(3, 600ms, 500ms);
  report.late_reply(255, 1s, 500ms);
  CHECK(report.lateness_of(3).replies == 3);
  CHECK(report.lateness_of(3).longest == 900ms);
  CHECK(report.lateness_of(255).replies == 1);
  CHECK(report.lateness_of(4).replies == 0);
  report.noise(3);
  report.noise(4);
  CHECK(report.noise_bytes() == 7);
}

TEST_CASE("a flaw is told with what came, what was asked for, and the cure") {
  const ReadRequest request{.unit = 1, .kind = RegisterKind::holding, .address = 100, .count = 2};
  const std::vector<std::uint8_t> body = {7, 4, 6, 0, 0, 0, 0, 0, 0};
  CHECK(flaw_text(request, body, Flaw::unit) == "unit 7 answered for unit 1: write unit = 7?");
  CHECK(flaw_text(request, body, Flaw::function) == "the answer has function 4 instead of 3");
  CHECK(flaw_text(request, body, Flaw::count) == "6 bytes came where 4 make 2 registers");
  const ReadRequest bits{.unit = 1, .kind = RegisterKind::coil, .address = 0, .count = 9};
  CHECK(flaw_text(bits, body, Flaw::count) == "6 bytes came where 2 make 9 bits");
  CHECK(flaw_text(request, body, Flaw::none).empty());
}
