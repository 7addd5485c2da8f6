#include "hardware/simulator/quirks.h"

#include "hardware/modbus_frame.h"
#include "hardware/simulator/fault.h"
#include "hardware/simulator/line_bus.h"
#include "hardware/simulator/request_frame.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace webmacs;
using namespace std::chrono_literals;
using State = RequestFrame::State;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes rtu(Bytes frame) {
  const std::uint16_t crc = rtu_crc(frame.data(), frame.size());
  frame.push_back(static_cast<std::uint8_t>(crc));
  frame.push_back(static_cast<std::uint8_t>(crc >> 8));
  return frame;
}

RequestFrame rtu_frame(const Bytes& bytes, bool silence_follows = false) {
  return rtu_request_frame(bytes.data(), bytes.size(), silence_follows);
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const Bytes read = rtu({1, 3, 0, 100, 0, 2});

}  // namespace

TEST_CASE("an RTU frame of a known function is whole without silence, what follows it is the next") {
  CHECK(rtu_frame(read).state == State::whole);
  CHECK(rtu_frame(read + read).size == 8);
  CHECK(rtu_frame(read).unit == 1);
  CHECK(rtu_frame(read).pdu_size == 5);
  const Bytes write = rtu({9, 16, 0, 100, 0, 2, 4, 1, 2, 3, 4});
  CHECK(rtu_frame(write).size == 13);
  CHECK(rtu_frame(write).pdu_size == 10);
  for (std::size_t size = 0; size < read.size(); ++size) {
    CHECK(rtu_frame(Bytes(read.begin(), read.begin() + static_cast<long>(size))).state == State::incomplete);
  }
}

TEST_CASE("an RTU frame of an unknown function ends where the line falls silent") {
  for (const Bytes& request : {rtu({1, 17}), rtu({1, 43, 14, 1, 0}), rtu({1, 22, 0, 4, 0, 0xF2, 0, 0x25}),
                               rtu({1, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})}) {
    CHECK(rtu_frame(request).state == State::incomplete);
    CHECK(rtu_frame(request, true).state == State::whole);
    CHECK(rtu_frame(request, true).size == request.size());
    CHECK(rtu_frame(request, true).pdu_size == request.size() - 3);
  }
}

TEST_CASE("noise and a frame that was cut off end with the silence behind them") {
  Bytes wrong = read;
  wrong.back() ^= 1;
  CHECK(rtu_frame(wrong).state == State::incomplete);
  CHECK(rtu_frame(wrong, true).state == State::broken);
  CHECK(rtu_frame(Bytes{0}, true).state == State::broken);
  CHECK(rtu_frame(Bytes(read.begin(), read.end() - 1), true).state == State::broken);
  CHECK(rtu_frame(Bytes{0} + read, true).state == State::broken);
}

TEST_CASE("a wire serves one request after the other, and forgets none that it took") {
  LineBus bus;
  std::vector<int> begun;
  for (int i = 0; i < 3; ++i) CHECK(bus.take([&begun, i] { begun.push_back(i); }));
  CHECK(begun == std::vector<int>{0});
  bus.release();
  CHECK(begun == std::vector<int>{0, 1});
  bus.release();
  bus.release();
  CHECK(begun == std::vector<int>{0, 1, 2});
  // A job that ends at once, and takes another: no recursion, no lost one.
  int ended = 0;
  const std::function<void()> again = [&] {
    if (++ended < 100000) bus.take(again);
    bus.release();
  };
  bus.take(again);
  CHECK(ended == 100000);
  // Bounded.
  int accepted = 0;
  while (accepted < 1000 && bus.take([] {})) ++accepted;
  CHECK(accepted < 200);
}

TEST_CASE("options of devices are read, and what is none is told") {
  UnitQuirks unit;
  LineQuirks line;
  std::string mistake;
  for (const char* text : {"silent=holding:100-101", "silent=coil:5", "refusal=exception4", "longest=16", "shortens=10",
                           "answers_as=255", "sleeps=5s", "reply_time=30ms", "warmup=500ms", "sockets=1", "frees=30s",
                           "gateway_wait=3s", "gateway_says=exception11", "echo=yes", "leading=1", "trailing=2"}) {
    CAPTURE(text);
    CHECK(set_quirk(text, unit, line, mistake));
  }
  REQUIRE(unit.silent.size() == 2);
  CHECK(unit.silent[0].last == 101);
  CHECK(unit.refusal == 4);
  CHECK(unit.answers_as == 255);
  CHECK(unit.sleeps == 5s);
  CHECK(line.warmup == 500ms);
  CHECK(line.gateway_says == 11);
  CHECK(line.echo);
  CHECK(set_quirk("silent=none", unit, line, mistake));
  CHECK(set_quirk("refusal=silence", unit, line, mistake));
  CHECK(unit.silent.empty());
  CHECK(unit.refusal == 0);
  for (const char* text : {"silent=holding:9-3", "silent=100", "refusal=no", "refusal=exception0", "sleeps=soon",
                           "sockets=-1", "echo=1", "gateway_says=11", "longest=", "answers_as=256"}) {
    CAPTURE(text);
    CHECK_FALSE(set_quirk(text, unit, line, mistake));
    CHECK(mistake.find("e.g. ") != std::string::npos);
  }
  CHECK_FALSE(set_quirk("slow=yes", unit, line, mistake));
  CHECK(mistake.find("reply_time") != std::string::npos);
}

TEST_CASE("each exception is a fault of its own, and late says how late") {
  std::string mistake;
  const auto late = parse_fault("late:0.01:0.5-10", mistake);
  REQUIRE(late);
  CHECK(late->least_late == 0.5);
  CHECK(late->most_late == 10);
  CHECK(parse_fault("late:1:3", mistake)->most_late == 3);
  CHECK(parse_fault("exception11:0.5", mistake)->exception == 11);
  for (const char* wrong : {"late:0.1:10-2", "late:0.1:", "late:0.1:-1", "late:0.1:x", "drop:0.1:2", "exception12:1"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_fault(wrong, mistake));
    CHECK(mistake != "");
  }
  FaultDice dice({*parse_fault("exception4:1", mistake)});
  dice.set(*parse_fault("exception11:1", mistake));
  CHECK(dice.roll()->exception == 4);
  dice.set(*parse_fault("exception4:0", mistake));
  CHECK(dice.roll()->exception == 11);
  dice.clear();
  dice.set(*late);
  dice.set(*parse_fault("late:1:2-3", mistake));
  for (int i = 0; i < 100; ++i) {
    const auto thrown = dice.roll();
    REQUIRE(thrown);
    REQUIRE(thrown->late >= 2);
    REQUIRE(thrown->late <= 3);
  }
}
