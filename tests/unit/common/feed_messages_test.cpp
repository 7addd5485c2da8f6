#include "common/feed_messages.h"

#include "common/message_json.h"
#include "common/timestamp.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace webmacs;
using nlohmann::json;

TEST_CASE("a cursor reads back, and anything else is none") {
  const auto cursor = parse_cursor("1737-42:17");
  REQUIRE(cursor);
  CHECK(cursor->epoch == "1737-42");
  CHECK(cursor->number == 17);
  CHECK(format_cursor(*cursor) == "1737-42:17");
  for (const char* wrong : {"", ":", "x:", ":5", "x:-1", "x:5 ", "x:99999999999999999999", "x"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_cursor(wrong));
  }
}

TEST_CASE("envelopes are the contract's") {
  CHECK(encode_feed_connected({"e", 3}, false, "{}") ==
        R"({"type":"connected","cursor":"e:3","recovered":false,"latest":[{}]})");
  CHECK(encode_datapoints_batch({"e", 4}, "{},{}") ==
        R"({"type":"datapoints_batch","cursor":"e:4","datapoints":[{},{}]})");
  CHECK(json::parse(encode_datapoints_batch({"e", 4}, "", 9))["skipped"] == 9);
  const auto time = *parse_timestamp("2025-01-15T14:32:10Z");
  CHECK(
      encode_backfilled({"e", 5}, {"a", "b"}, time, time) ==
      R"({"type":"backfilled","cursor":"e:5","event_public_ids":["a","b"],"from":"2025-01-15T14:32:10.000Z","to":"2025-01-15T14:32:10.000Z"})");
}

TEST_CASE("a controller's state has the same members whether or not its agent has reported") {
  ControllerState state;
  state.name = "rig1";
  const Json bare = controller_json(state);
  state.online = true;
  state.status = StatusFrame{"rig1", "1.0", 12, 3, std::nullopt, {{"plc", true, ""}, {"scale", false, "timeout"}}};
  state.clock_offset = 0.25;
  const auto full = json::parse(encode_status_notice(state));
  CHECK(full["type"] == "status");
  CHECK(full["backlog"] == 12);
  CHECK(full["clock_offset"] == 0.25);
  CHECK(full["devices"] == json::parse(R"([{"name":"plc","state":"online","error":null},
                                           {"name":"scale","state":"offline","error":"timeout"}])"));
  for (const auto& [member, value] : bare.items()) CHECK(full.contains(member));
  CHECK(bare.size() == 9);
}

TEST_CASE("a push is answered with the members of an ack, and with a number where it had one") {
  AckMessage counts;
  counts.stored = 97;
  counts.duplicates = 2;
  counts.rejected = {{7, "conflict"}, {8, "event belongs to \"rig2\""}};
  const std::string members = R"("stored":97,"duplicates":2,"rejected":[{"index":7,"reason":"conflict"},)"
                              R"({"index":8,"reason":"event belongs to \"rig2\""}]})";
  CHECK(encode_push_answer(counts, std::nullopt) == R"({"type":"ack",)" + members);
  CHECK(encode_push_answer(counts, 42) == R"({"type":"ack","batch":42,)" + members);
  counts.batch = 42;
  CHECK(encode(counts) == encode_push_answer(counts, 42));
}
