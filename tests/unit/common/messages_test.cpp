#include "common/messages.h"

#include "common/timestamp.h"
#include "unit/random_seed.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cstring>
#include <limits>
#include <random>

using namespace webmacs;
using nlohmann::json;

namespace {

std::string number(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string encoded(const Reading& reading) {
  std::string out;
  append_reading(out, reading);
  return out;
}

const Timestamp some_time = *parse_timestamp("2025-01-15T14:32:10.000Z");

}  // namespace

TEST_CASE("numbers are the shortest text that reads back") {
  CHECK(number(42) == "42");
  CHECK(number(23.45) == "23.45");
  CHECK(number(0.1 + 0.2) == "0.30000000000000004");
  CHECK(number(-0.0) == "0");
  CHECK(number(-1.5) == "-1.5");
  CHECK(number(1e300) == "1e+300");
  CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "null");
  CHECK(number(-std::numeric_limits<double>::infinity()) == "null");
}

TEST_CASE("every finite double survives the way through JSON") {
  std::mt19937_64 random(testing::random_seed(7));
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!measured_value(value)) continue;
    const auto frame = decode_controller_frame(R"({"event_public_id":"a","value":)" + number(value) + "}");
    REQUIRE(std::holds_alternative<ReadingsFrame>(frame));
    REQUIRE(std::get<ReadingsFrame>(frame).readings[0].reading.value == value);
  }
}

TEST_CASE("strings are escaped so that any parser reads them back") {
  CHECK(quoted("plain") == "\"plain\"");
  CHECK(quoted("a\"b\\c\n\t\x01\x7F") == "\"a\\\"b\\\\c\\n\\u0009\\u0001\\u007f\"");
  CHECK(quoted("21 °C") == "\"21 °C\"");
  CHECK(json::parse(quoted("a\"b\\c\n\x1F °")).get<std::string>() == "a\"b\\c\n\x1F °");
  CHECK(quoted("a\xFF\xC2z") == "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
  CHECK(quoted(std::string_view("\0", 1)) == "\"\\u0000\"");
}

TEST_CASE("readings are written as the seed writes them") {
  CHECK(encoded({"evt_temp01", some_time, 23.45, ""}) ==
        R"({"event_public_id":"evt_temp01","value":23.45,"timestamp":"2025-01-15T14:32:10.000Z"})");
  CHECK(encoded({"evt_a", some_time, std::nullopt, "timeout"}) ==
        R"({"event_public_id":"evt_a","value":null,"quality":"bad","reason":"timeout",)"
        R"("timestamp":"2025-01-15T14:32:10.000Z"})");
  CHECK(json::parse(encoded({"a", some_time, std::nullopt, ""})).at("reason") == "bad");
  const std::string reason = json::parse(encoded({"a", some_time, std::nullopt, std::string(500, 'r')})).at("reason");
  CHECK(reason.size() == max_reason_bytes);
}

TEST_CASE("datapoints have the seed's five members, and two more when bad") {
  Datapoint datapoint{"dp_abc123", {"evt_temp01", some_time, 23.45, ""}, "exp_001"};
  std::string out = "before";
  append_datapoint(out, datapoint);
  CHECK(out == R"(before{"public_id":"dp_abc123","value":23.45,"timestamp":"2025-01-15T14:32:10.000Z",)"
               R"("event_public_id":"evt_temp01","experiment_public_id":"exp_001"})");
  datapoint.experiment_public_id.reset();
  datapoint.reading.value.reset();
  datapoint.reading.reason = "exception 2";
  out.clear();
  append_datapoint(out, datapoint);
  CHECK(out == R"({"public_id":"dp_abc123","value":null,"timestamp":"2025-01-15T14:32:10.000Z",)"
               R"("event_public_id":"evt_temp01","experiment_public_id":null,"quality":"bad","reason":"exception 2"})");
}

TEST_CASE("a batch comes back reading by reading") {
  BatchWriter writer(42, true);
  const std::vector<Reading> readings = {{"a", some_time, 1.5, ""},
                                         {"b", some_time + std::chrono::microseconds(1), std::nullopt, "timeout"},
                                         {"c", some_time, -7, ""}};
  for (const Reading& reading : readings) REQUIRE(writer.try_add(reading));
  CHECK(writer.size() == 3);
  const std::string text = writer.finish();
  CHECK(text.find(R"({"batch":42,"backlog":true,"datapoints":[{)") == 0);
  const auto frame = std::get<ReadingsFrame>(decode_controller_frame(text));
  CHECK(frame.batch == 42);
  CHECK(frame.backlog);
  REQUIRE(frame.readings.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(frame.readings[i].error == "");
    CHECK(frame.readings[i].has_time);
    CHECK(frame.readings[i].reading == readings[i]);
  }
  BatchWriter live(1, false);
  REQUIRE(live.try_add(readings[0]));
  CHECK(live.finish().find("backlog") == std::string::npos);
}

TEST_CASE("a frame is cut at 500 readings, or as many as were asked for") {
  const Reading reading{"a", some_time, 1, ""};
  BatchWriter writer(1, false);
  std::size_t added = 0;
  while (writer.try_add(reading)) ++added;
  CHECK(added == 500);
  BatchWriter small(1, false);
  CHECK(small.try_add(reading, 2));
  CHECK(small.try_add(reading, 2));
  CHECK_FALSE(small.try_add(reading, 2));
  CHECK(small.size() == 2);
  CHECK_FALSE(BatchWriter(1, false).try_add(reading, 0));
}

TEST_CASE("a frame is cut at 60 KiB, and what did not fit left no trace") {
  const Reading reading{std::string(100, 'e'), some_time, std::nullopt, std::string(200, '\n')};
  BatchWriter writer(max_batch_number, true);
  std::size_t added = 0;
  while (writer.try_add(reading)) ++added;
  CHECK(added > 80);
  CHECK(added < 500);
  CHECK(writer.size() == added);
  const std::string text = writer.finish();
  CHECK(text.size() <= agent_frame_bytes);
  CHECK(text.size() + 700 > agent_frame_bytes);
  CHECK(json::parse(text).at("datapoints").size() == added);
}
