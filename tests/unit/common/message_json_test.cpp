#include "common/message_json.h"

#include "common/timestamp.h"

#include <doctest/doctest.h>

#include <limits>

using namespace webmacs;

TEST_CASE("a number is written as readings write theirs: whole ones without a fraction, the shortest text otherwise") {
  const auto written = [](double number) { return json_text(number_or_null(number)); };
  CHECK(written(2.0) == "2");
  CHECK(written(-0.0) == "0");
  CHECK(written(100000) == "100000");
  CHECK(written(0.1) == "0.1");
  CHECK(written(23.450000000000003) == "23.450000000000003");
  CHECK(written(9007199254740992.0) == "9007199254740992");
  CHECK(Json::parse(written(1e300)).get<double>() == 1e300);
}

TEST_CASE("what JSON has no number for is null") {
  CHECK(number_or_null(std::nullopt).is_null());
  CHECK(number_or_null(std::numeric_limits<double>::quiet_NaN()).is_null());
  CHECK(number_or_null(-std::numeric_limits<double>::infinity()).is_null());
  CHECK(time_or_null(std::nullopt).is_null());
  CHECK(time_or_null(from_microseconds(1)) == "1970-01-01T00:00:00.000001Z");
}

TEST_CASE("a text that is described is one line of at most 200 bytes, or null") {
  CHECK(text_or_null("").is_null());
  CHECK(text_or_null("Inlet\ntemperature") == "Inlet temperature");
  CHECK(text_or_null(std::string(300, 'x')).get<std::string>().size() == 200);
}

TEST_CASE("no text, however odd, breaks the JSON it is in") {
  CHECK(json_text({{"m", "a\"b\\\n\xFF°"}}) == "{\"m\":\"a\\\"b\\\\\\n\xEF\xBF\xBD°\"}");
}

TEST_CASE("a device that is online has no error, and an advice where there is one") {
  CHECK(json_text(device_json({"plc", true, ""})) == R"({"name":"plc","state":"online","error":null})");
  CHECK(json_text(device_json({"plc", true, "raise timeout"})) ==
        R"({"name":"plc","state":"online","error":null,"advice":"raise timeout"})");
  CHECK(json_text(device_json({"plc", false, "timeout"})) == R"({"name":"plc","state":"offline","error":"timeout"})");
}

TEST_CASE("of an event everything stands in its place, and null where nothing is set") {
  EventDescription event;
  event.event_public_id = "evt_a";
  CHECK(json_text(event_json(event)) ==
        R"({"event_public_id":"evt_a","name":null,"type":"analog","unit":null,"min_value":null,"max_value":null,)"
        R"("poll_interval":null,"max_silence":null,"device":null})");
}
