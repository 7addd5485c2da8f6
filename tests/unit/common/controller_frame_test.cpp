#include "common/messages.h"
#include "common/timestamp.h"
#include "common/utf8.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace webmacs;

namespace {

ReadingsFrame readings(const std::string& text) {
  ControllerFrame frame = decode_controller_frame(text);
  const auto* invalid = std::get_if<InvalidFrame>(&frame);
  REQUIRE_MESSAGE(invalid == nullptr, text << " -> " << (invalid != nullptr ? invalid->message : ""));
  REQUIRE(std::holds_alternative<ReadingsFrame>(frame));
  return std::get<ReadingsFrame>(std::move(frame));
}

ReceivedReading single(const std::string& text) {
  ReadingsFrame frame = readings(text);
  CHECK(frame.single);
  REQUIRE(frame.readings.size() == 1);
  return frame.readings.front();
}

// What is wrong with one reading that has these members beside a good id.
std::string error_with(const std::string& members) {
  return single(R"({"event_public_id":"evt_a",)" + members + "}").error;
}

std::optional<double> value_of(const std::string& number) {
  const ReceivedReading received = single(R"({"event_public_id":"evt_a","value":)" + number + "}");
  CHECK(received.error == "");
  return received.reading.value;
}

InvalidFrame invalid(const std::string& text) {
  ControllerFrame frame = decode_controller_frame(text);
  REQUIRE_MESSAGE(std::holds_alternative<InvalidFrame>(frame), text);
  auto found = std::get<InvalidFrame>(std::move(frame));
  CHECK(valid_utf8(found.message));
  CHECK_FALSE(found.message.empty());
  CHECK(found.message.size() <= 240);
  return found;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the seed's reading") {
  const ReceivedReading received =
      single(R"({"event_public_id":"evt_temp01","value":23.45,"timestamp":"2025-01-15T14:32:10.000Z"})");
  CHECK(received.error == "");
  CHECK(received.has_time);
  CHECK(received.reading.event_public_id == "evt_temp01");
  CHECK(received.reading.value == 23.45);
  CHECK(format_timestamp(received.reading.time) == "2025-01-15T14:32:10.000Z");
}

TEST_CASE("the seed's reading without a time stamp") {
  const ReceivedReading received = single(R"( { "value" : 23.4 , "event_public_id" : "evt_temp01" } )");
  CHECK(received.error == "");
  CHECK_FALSE(received.has_time);
  CHECK(received.reading.time == Timestamp());
}

TEST_CASE("unknown members of any shape are ignored") {
  const ReceivedReading received = single(
      R"({"unit":"°C","meta":{"value":1,"deep":[[{"event_public_id":"x"}]],"batch":7},"event_public_id":"evt_a",
          "list":[1,"two",{"type":"events"},null],"value":1,"flag":true,"nothing":null,"huge":1e999})");
  CHECK(received.error == "");
  CHECK(received.reading.event_public_id == "evt_a");
  CHECK(received.reading.value == 1);
}

TEST_CASE("values: finite numbers and booleans") {
  CHECK(value_of("42") == 42);
  CHECK(value_of("-1.5e-3") == -0.0015);
  CHECK(value_of("true") == 1);
  CHECK(value_of("false") == 0);
  CHECK(value_of("18446744073709551615") == 18446744073709551616.0);
  CHECK(value_of("9007199254740993") == 9007199254740992.0);
  CHECK(value_of("1e-999") == 0);
  for (const char* zero : {"-0", "-0.0", "-1e-999"}) CHECK_FALSE(std::signbit(value_of(zero).value()));
}

TEST_CASE("values that are not numbers are named, and the frame lives on") {
  CHECK(error_with(R"("value":"23.45")") == "value: not a number");
  CHECK(error_with(R"("value":[1])") == "value: not a number");
  CHECK(error_with(R"("value":{"value":1})") == "value: not a number");
  CHECK(error_with(R"("timestamp":"2025-01-15T14:32:10Z")") == "value: missing");
  CHECK(error_with(R"("value":1e999)") == "value: out of range");
  CHECK(error_with(R"("value":-1e400)") == "value: out of range");
  CHECK(error_with(R"("value":)" + std::string(400, '9')) == "value: out of range");
}

TEST_CASE("a number out of range spoils its own reading only") {
  const ReadingsFrame frame =
      readings(R"({"datapoints":[{"event_public_id":"a","value":1,"timestamp":"2025-01-15T14:32:10Z"},
                  {"event_public_id":"b","value":1e999,"timestamp":"2025-01-15T14:32:10Z"},
                  {"event_public_id":"c","value":3,"timestamp":"2025-01-15T14:32:10Z","note":"\"1e999"}],"batch":5})");
  CHECK(frame.batch == 5);
  REQUIRE(frame.readings.size() == 3);
  CHECK(frame.readings[0].error == "");
  CHECK(frame.readings[1].error == "value: out of range");
  CHECK(frame.readings[2].reading.value == 3);
  CHECK(contains(invalid(R"({"batch":9,"x":1e999,"datapoints":[})").message, "not valid JSON at byte 36"));
}

TEST_CASE("bad readings carry a reason") {
  const auto bad = [](const std::string& members) {
    const ReceivedReading received = single(R"({"event_public_id":"evt_a","value":null,)" + members + "}");
    CHECK(received.error == "");
    CHECK_FALSE(received.reading.good());
    return received.reading.reason;
  };
  CHECK(bad(R"("quality":"bad","reason":"timeout")") == "timeout");
  CHECK(bad(R"("quality":"bad")") == "bad");
  CHECK(bad(R"("quality":"bad","reason":"")") == "bad");
  CHECK(bad(R"("reason":null,"quality":"bad")") == "bad");
  CHECK(bad(R"("quality":"bad","reason":"line\nbreak\u0000")") == "line break ");
  std::string degrees = "x";
  for (int i = 0; i < 150; ++i) degrees += "°";
  CHECK(bad(R"("quality":"bad","reason":")" + degrees + "\"") == degrees.substr(0, 199));
}

TEST_CASE("value and quality must agree") {
  CHECK(error_with(R"("value":null)") == R"(value: null needs "quality":"bad")");
  CHECK(error_with(R"("value":null,"quality":"good")") == R"(value: null needs "quality":"bad")");
  CHECK(error_with(R"("value":null,"quality":null)") == R"(value: null needs "quality":"bad")");
  CHECK(error_with(R"("value":1,"quality":"bad")") == R"(value: must be null with "quality":"bad")");
  CHECK(error_with(R"("value":1,"quality":"good")") == "");
  CHECK(error_with(R"("value":1,"quality":null)") == "");
  CHECK(error_with(R"("value":1,"quality":"uncertain")") == R"(quality: neither "good" nor "bad")");
  CHECK(error_with(R"("value":1,"quality":1)") == R"(quality: neither "good" nor "bad")");
  CHECK(error_with(R"("value":null,"quality":"bad","reason":5)") == "reason: not a string");
}

TEST_CASE("event ids are checked") {
  CHECK(single(R"({"value":1})").error == "event_public_id: missing");
  CHECK(single("{}").error == "event_public_id: missing");
  CHECK(single(R"({"event_public_id":7,"value":1})").error == "event_public_id: not a string");
  CHECK(contains(single(R"({"event_public_id":"a b","value":1})").error, "event_public_id: not 1 to 100 characters"));
  CHECK(contains(single(R"({"event_public_id":"","value":1})").error, "event_public_id: not 1 to 100 characters"));
}

TEST_CASE("time stamps are checked") {
  CHECK(error_with(R"("value":1,"timestamp":"2025-01-15")") == "timestamp: not an RFC 3339 time from 1970 to 2199");
  CHECK(error_with(R"("value":1,"timestamp":1736951530)") == "timestamp: not a string");
  CHECK(error_with(R"("value":1,"timestamp":null)") == "timestamp: not a string");
  CHECK(error_with(R"("value":1,"timestamp":"2025-01-15T14:32:10+01:00")") == "");
}

TEST_CASE("a member that is repeated counts as it stands last") {
  const ReceivedReading received = single(R"({"event_public_id":1,"event_public_id":"b","value":"x","value":2})");
  CHECK(received.error == "");
  CHECK(received.reading.value == 2);
}

TEST_CASE("a batch with good and wrong readings keeps its order") {
  const ReadingsFrame frame = readings(
      R"({"batch":42,"backlog":true,"datapoints":[{"event_public_id":"a","value":1,"timestamp":"2025-01-15T14:32:10Z"},
         7,{"event_public_id":"b","value":2},[],{"event_public_id":"c","value":"3"}]})");
  CHECK(frame.batch == 42);
  CHECK(frame.backlog);
  CHECK_FALSE(frame.single);
  REQUIRE(frame.readings.size() == 5);
  CHECK(frame.readings[0].error == "");
  CHECK(frame.readings[1].error == "not an object");
  CHECK(frame.readings[2].error == "timestamp: missing");
  CHECK(frame.readings[3].error == "not an object");
  CHECK(frame.readings[4].error == "value: not a number");
}

TEST_CASE("the batch number may follow the readings") {
  const ReadingsFrame frame = readings(R"({"datapoints":[{"event_public_id":"a","value":1}],"batch":0})");
  CHECK(frame.batch == 0);
  CHECK(frame.readings[0].error == "timestamp: missing");
  CHECK(readings(R"({"datapoints":[{"event_public_id":"a","value":1}]})").readings[0].error == "");
  CHECK(readings(R"({"batch":9007199254740992,"event_public_id":"a","value":1})").batch == max_batch_number);
}

TEST_CASE("a wrong batch number spoils the frame") {
  for (const char* number : {"-1", "1.5", "42.0", "9007199254740993", "\"42\"", "null", "true", "[1]", "{}", "1e999"}) {
    const InvalidFrame frame =
        invalid(R"({"datapoints":[{"event_public_id":"a","value":1}],"batch":)" + std::string(number) + "}");
    CHECK_FALSE(frame.batch);
    CHECK(frame.message == "batch: not an integer from 0 to 9007199254740992");
  }
  CHECK(invalid(R"({"batch":3,"backlog":1,"datapoints":[{"event_public_id":"a","value":1}]})").message ==
        "backlog: neither true nor false");
}

TEST_CASE("a frame holds 1 to 500 readings") {
  const auto frame_of = [](int count) {
    std::string text = R"({"batch":8,"datapoints":[)";
    for (int i = 0; i < count; ++i) text += (i > 0 ? "," : "") + std::string(R"({"event_public_id":"a","value":1})");
    return text + "]}";
  };
  CHECK(readings(frame_of(500)).readings.size() == 500);
  CHECK(invalid(frame_of(501)).message == "datapoints: 501 readings (1 to 500)");
  CHECK(invalid(frame_of(501)).batch == 8);
  CHECK(invalid(frame_of(0)).message == "datapoints: 0 readings (1 to 500)");
  CHECK(invalid(R"({"batch":8,"datapoints":{}})").message == "datapoints: not an array");
}

TEST_CASE("what is not a JSON object is refused with the place") {
  CHECK(invalid("[1,2]").message == "not a JSON object");
  CHECK(invalid("null").message == "not a JSON object");
  CHECK(invalid("\"text\"").message == "not a JSON object");
  CHECK(contains(invalid("").message, "not valid JSON at byte 1: "));
  CHECK(contains(invalid("{\"a\":nope}").message, "not valid JSON at byte 7: "));
  CHECK(contains(invalid("{\"a\":1} x").message, "not valid JSON at byte 9: "));
  CHECK(contains(invalid("{\"value\":NaN}").message, "not valid JSON at byte "));
  invalid("{\"a\":\"\xC3\x28\"}");
  invalid("{\"a\":\"\xFF\"}");
  invalid(std::string("{\"a\0\":1}", 8));
  invalid(std::string(60000, '['));
  invalid(R"({"x":)" + std::string(60000, '['));
}

TEST_CASE("a syntax error names the batch that was read before it, and echoes no input") {
  const InvalidFrame frame =
      invalid(R"({"batch":42,"datapoints":[{"event_public_id":"secret)" + std::string(5000, 'q'));
  CHECK(frame.batch == 42);
  CHECK_FALSE(contains(frame.message, "secret"));
  CHECK_FALSE(contains(frame.message, "qq"));
  CHECK(contains(frame.message, "not valid JSON at byte "));
  CHECK_FALSE(invalid(R"({"datapoints":[{],"batch":42})").batch);
}

TEST_CASE("deep nesting is neither slow nor fatal") {
  const std::string deep =
      R"({"event_public_id":"a","value":1,"x":)" + std::string(30000, '[') + std::string(30000, ']') + "}";
  CHECK(single(deep).error == "");
  CHECK(contains(
      invalid(R"({"type":"events","events":)" + std::string(30000, '[') + std::string(30000, ']') + "}").message,
      "events[0]: not an object"));
}
