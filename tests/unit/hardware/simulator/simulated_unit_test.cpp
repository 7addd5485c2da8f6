#include "hardware/simulator/simulated_unit.h"

#include "hardware/register_codec.h"
#include "hardware/simulator/identity.h"
#include "hardware/simulator/signal.h"
#include "simulated_rig.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <map>
#include <string>
#include <vector>

using namespace webmacs;
using namespace webmacs::simulator_tests;

namespace {

using Bytes = std::vector<std::uint8_t>;

SimulatedUnit plc(SimulatedUnit::Shows shows = SimulatedUnit::Shows::signals) {
  const RigSettings settings = rig();
  return SimulatedUnit(settings.devices[0], settings.events, shows);
}

Bytes answer(SimulatedUnit& unit, const Bytes& request, double seconds = 0) {
  const Pdu pdu = unit.answer(request.data(), request.size(), seconds);
  return Bytes(pdu.bytes.begin(), pdu.bytes.begin() + static_cast<long>(pdu.size));
}

}  // namespace

TEST_CASE("only what the rig describes can be read") {
  SimulatedUnit unit = plc();
  CHECK(answer(unit, {3, 0, 100, 0, 4}).size() == 2 + 8);
  CHECK(answer(unit, {3, 0, 99, 0, 2}) == Bytes{0x83, 2});
  CHECK(answer(unit, {3, 0, 103, 0, 2}) == Bytes{0x83, 2});
  CHECK(answer(unit, {3, 0xFF, 0xFF, 0, 1}) == Bytes{0x83, 2});
  CHECK(answer(unit, {4, 0, 100, 0, 1}) == Bytes{0x84, 2});
  CHECK(answer(unit, {1, 0, 3, 0, 1}) == Bytes{0x81, 2});
}

TEST_CASE("counts, lengths and functions are checked") {
  SimulatedUnit unit = plc();
  CHECK(answer(unit, {3, 0, 100, 0, 0}) == Bytes{0x83, 3});
  CHECK(answer(unit, {3, 0, 100, 0, 126}) == Bytes{0x83, 3});
  CHECK(answer(unit, {1, 0, 0, 0x07, 0xD1}) == Bytes{0x81, 3});
  CHECK(answer(unit, {3, 0, 100, 0}) == Bytes{0x83, 3});
  CHECK(answer(unit, {3}) == Bytes{0x83, 3});
  CHECK(answer(unit, {16, 0, 100, 0, 2, 3, 0, 0, 0}) == Bytes{0x90, 3});
  for (const int function : {7, 8, 17, 22, 23, 43, 100}) {
    CHECK(answer(unit, {static_cast<std::uint8_t>(function), 0, 100, 0, 1}) ==
          Bytes{static_cast<std::uint8_t>(function | 0x80), 1});
  }
}

TEST_CASE("signals stay inside min and max, move, and continue after a restart") {
  for (const EventSettings& event : rig().events) {
    if (event.where.type == ValueType::boolean) continue;
    CAPTURE(event.event_public_id);
    const Signal signal(event);
    const Signal again(event);
    double least = 1e300;
    double most = -1e300;
    for (double t = 1.7e9; t < 1.7e9 + 600; t += 0.5) {
      const double value = signal.at(t);
      CHECK(value >= event.min_value.value_or(0));
      CHECK(value <= event.max_value.value_or(100));
      CHECK(value == again.at(t));
      least = std::min(least, value);
      most = std::max(most, value);
    }
    CHECK(most - least > 0.3 * (event.max_value.value_or(100) - event.min_value.value_or(0)));
  }
}

TEST_CASE("a signal without a fitting range is held to what the register can say") {
  EventSettings event;
  event.event_public_id = "e";
  event.where.type = ValueType::uint16;
  event.min_value = 100000;
  event.max_value = 200000;
  CHECK(Signal(event).at(5) == 65535);
  event.where.type = ValueType::float64;
  event.min_value = -1.7e308;
  event.max_value = 1.7e308;
  CHECK(std::isfinite(Signal(event).at(5)));
}

TEST_CASE("a valve switches now and then, an alarm is rare and short") {
  const RigSettings settings = rig();
  std::map<std::string, int> on;
  std::map<std::string, int> changes;
  for (const EventSettings& event : settings.events) {
    if (event.device != "io") continue;
    const Signal signal(event);
    for (int t = 0; t < 3600; ++t) {
      on[event.event_public_id] += signal.at(t) != 0;
      changes[event.event_public_id] += signal.at(t) != signal.at(t + 1);
    }
  }
  CHECK(on["valve"] > 1200);
  CHECK(on["valve"] < 2400);
  CHECK(changes["valve"] > 60);
  CHECK(on["alarm"] > 20);
  CHECK(on["alarm"] < 360);
}

TEST_CASE("counters count reads, each in its own type, and wrap") {
  SimulatedUnit unit = plc(SimulatedUnit::Shows::counter);
  const Register level = rig().events[1].where;
  const Register count = rig().events[2].where;
  for (int round = 1; round <= 3; ++round) {
    Bytes reply = answer(unit, {3, 0, 102, 0, 1});
    const std::uint16_t word = static_cast<std::uint16_t>(reply[2] << 8 | reply[3]);
    CHECK(decode_value(level, &word) == round / 10.0);
    CHECK(unit.served().size() == 1);
  }
  CHECK(answer(unit, {4, 0, 7, 0, 2}) == Bytes{4, 4, 0, 1, 0, 0});
  CHECK(answer(unit, {4, 0, 7, 0, 2}) == Bytes{4, 4, 0, 2, 0, 0});
  CHECK(counter_value(count, (std::uint64_t{1} << 32) + 5) == 5);
  CHECK(counter_value(level, 32768 + 7) == 0.7);
}

TEST_CASE("what is written stays, and its signal is gone") {
  SimulatedUnit unit = plc();
  CHECK(answer(unit, {16, 0, 100, 0, 2, 4, 0x41, 0xBB, 0x99, 0x9A}) == Bytes{16, 0, 100, 0, 2});
  CHECK(answer(unit, {3, 0, 100, 0, 2}, 1e6) == Bytes{3, 4, 0x41, 0xBB, 0x99, 0x9A});
  CHECK(unit.served()[0].value == 23.45);
  CHECK(answer(unit, {6, 0, 102, 0x12, 0x34}) == Bytes{6, 0, 102, 0x12, 0x34});
  CHECK(answer(unit, {3, 0, 102, 0, 1}) == Bytes{3, 2, 0x12, 0x34});
  CHECK(answer(unit, {6, 0, 50, 0, 1}) == Bytes{0x86, 2});

  const RigSettings settings = rig();
  SimulatedUnit io(settings.devices[1], settings.events, SimulatedUnit::Shows::signals);
  CHECK(answer(io, {5, 0, 3, 0xFF, 0}) == Bytes{5, 0, 3, 0xFF, 0});
  CHECK(answer(io, {1, 0, 3, 0, 1}, 30) == Bytes{1, 1, 1});
  CHECK(answer(io, {5, 0, 3, 1, 0}) == Bytes{0x85, 3});
  CHECK(answer(io, {15, 0, 3, 0, 1, 1, 0}) == Bytes{15, 0, 3, 0, 1});
  CHECK(answer(io, {1, 0, 3, 0, 1}, 30) == Bytes{1, 1, 0});
}

TEST_CASE("an identity tells the right value from another's, an older one and a spoilt one") {
  for (const ValueType type : {ValueType::int16, ValueType::uint16, ValueType::int32, ValueType::uint32,
                               ValueType::int64, ValueType::uint64, ValueType::float32, ValueType::float64}) {
    CAPTURE(to_text(type));
    Register where;
    where.type = type;
    where.address = 5;
    where.order = ByteOrder::cdab;
    std::uint16_t words[4];
    encode_value(where, identity_value(where, {2, false, 9}), words);
    const double raw = *decode_value(where, words);
    std::optional<std::uint64_t> last;
    CHECK_FALSE(identity_mistake(where, 2, raw, last));
    CHECK(last == 9);
    CHECK(identity_mistake(where, 2, raw, last) == std::string("older than the one before"));
    CHECK_FALSE(identity_mistake(where, 2, identity_value(where, {2, false, 10}), last));
    CHECK(identity_mistake(where, 2, identity_value(where, {2, false, 9}), last) ==
          std::string("older than the one before"));
    CHECK(identity_mistake(where, 1, raw, last) == std::string("of another register or unit"));
    CHECK(identity_mistake(where, 2, identity_value(where, {2, true, 11}), last) == std::string("of a spoilt reply"));
    Register neighbour = where;
    neighbour.address = 9;
    CHECK(identity_mistake(neighbour, 2, raw, last) == std::string("of another register or unit"));
    neighbour = where;
    neighbour.kind = RegisterKind::input;
    CHECK(identity_mistake(neighbour, 2, raw, last) == std::string("of another register or unit"));
  }
}

TEST_CASE("an identity with room for it tells when it was read") {
  using namespace std::chrono_literals;
  using Clock = std::chrono::steady_clock;
  Register where;
  where.type = ValueType::uint64;
  const Clock::time_point made = Clock::time_point(123456s);
  std::uint64_t count = next_count(where.type, 0, made);
  const double raw = identity_value(where, {2, false, count});
  CHECK(read_at(where, raw, made) == made);
  CHECK(read_at(where, raw, made + 40min) == made);
  // Twice in the same moment: the second is newer, and of that moment.
  count = next_count(where.type, count, made);
  CHECK(count == next_count(where.type, 0, made) + 1);
  CHECK(read_at(where, identity_value(where, {2, false, count}), made) == made);

  where.type = ValueType::uint32;
  CHECK(next_count(where.type, 7, made) == 8);
  CHECK_FALSE(read_at(where, raw, made));
}
