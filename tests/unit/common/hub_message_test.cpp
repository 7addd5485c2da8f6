#include "common/messages.h"
#include "common/timestamp.h"

#include <doctest/doctest.h>

using namespace webmacs;

namespace {

template <typename Message>
Message decoded(const std::string& text) {
  const HubMessage message = decode_hub_message(text);
  REQUIRE_MESSAGE(std::holds_alternative<Message>(message), text);
  return std::get<Message>(message);
}

}  // namespace

TEST_CASE("the hub's greeting") {
  const std::string text = R"({"type":"connected","controller":"rig1","max_batch":500,"credit":5000})";
  CHECK(encode(ConnectedMessage{"rig1"}) == text);
  const auto message = decoded<ConnectedMessage>(text);
  CHECK(message.controller == "rig1");
  CHECK(message.max_batch == 500);
  CHECK(message.credit == 5000);
}

TEST_CASE("the hub's greeting tells its time, by which an agent may judge its own clock") {
  const std::string text =
      R"({"type":"connected","controller":"rig1","max_batch":500,"credit":5000,"time":"2026-11-30T20:00:00.123456Z"})";
  ConnectedMessage greeting{"rig1"};
  greeting.time = parse_timestamp("2026-11-30T20:00:00.123456Z");
  CHECK(encode(greeting) == text);
  CHECK(decoded<ConnectedMessage>(text).time == greeting.time);
  CHECK_FALSE(decoded<ConnectedMessage>(R"({"type":"connected","controller":"rig1"})").time);
}

TEST_CASE("a greeting never leaves an agent without a way to send") {
  const auto message = decoded<ConnectedMessage>(R"({"type":"connected","controller":"r","max_batch":0,"credit":0})");
  CHECK(message.max_batch == 1);
  CHECK(message.credit == 1);
  CHECK(decoded<ConnectedMessage>(R"({"type":"connected","max_batch":100000})").max_batch == max_batch_readings);
}

TEST_CASE("the contract's acknowledgement") {
  const std::string text =
      R"({"type":"ack","batch":42,"stored":97,"duplicates":2,"rejected":[{"index":7,"reason":"conflict"}]})";
  CHECK(encode(AckMessage{42, 97, 2, {{7, "conflict"}}}) == text);
  const auto message = decoded<AckMessage>(text);
  CHECK(message.batch == 42);
  CHECK(message.stored == 97);
  CHECK(message.duplicates == 2);
  REQUIRE(message.rejected.size() == 1);
  CHECK(message.rejected[0].index == 7);
  CHECK(message.rejected[0].reason == "conflict");
}

TEST_CASE("busy and errors") {
  CHECK(encode(BusyMessage{42, 2.0}) == R"({"type":"busy","batch":42,"retry_after":2})");
  CHECK(decoded<BusyMessage>(R"({"type":"busy","batch":42,"retry_after":0.25})").retry_after == 0.25);
  CHECK(decoded<BusyMessage>(R"({"type":"busy","batch":42,"retry_after":-3})").retry_after == 0);
  CHECK(decoded<BusyMessage>(R"({"type":"busy","batch":42,"retry_after":1e300})").retry_after == 3600);
  CHECK(encode(ErrorMessage{42, "not \"valid\""}) == R"({"type":"error","batch":42,"message":"not \"valid\""})");
  CHECK(encode(ErrorMessage{std::nullopt, "no"}) == R"({"type":"error","message":"no"})");
  CHECK(decoded<ErrorMessage>(R"({"type":"error","batch":42,"message":"wrong"})").batch == 42);
  CHECK_FALSE(decoded<ErrorMessage>(R"({"type":"error","message":"wrong"})").batch);
  CHECK(decoded<ErrorMessage>(R"({"type":"error","message":"a\nb"})").message == "a b");
  CHECK(decoded<ErrorMessage>(R"({"type":"error","message":")" + std::string(9000, 'x') + "\"}").message.size() ==
        1000);
}

TEST_CASE("pong") {
  CHECK(encode(PongMessage{}) == R"({"type":"pong"})");
  decoded<PongMessage>(R"({"type":"pong"})");
}

TEST_CASE("what an agent does not know, or cannot trust, is ignored") {
  for (const char* text : {"",
                           "[]",
                           "7",
                           "{}",
                           "{",
                           R"({"type":7})",
                           R"({"type":"news"})",
                           R"({"type":"ack"})",
                           R"({"type":"ack","batch":"42","stored":1})",
                           R"({"type":"ack","batch":-1})",
                           R"({"type":"ack","batch":1.5})",
                           R"({"type":"ack","batch":1,"stored":-4})",
                           R"({"type":"ack","batch":1,"rejected":{}})",
                           R"({"type":"ack","batch":1,"rejected":[{}]})",
                           R"({"type":"ack","batch":1,"rejected":[7]})",
                           R"({"type":"ack","batch":1,"rejected":[{"index":-1}]})",
                           R"({"type":"busy","batch":null})",
                           R"({"type":"busy","batch":1,"retry_after":"soon"})",
                           R"({"type":"busy","batch":1,"retry_after":1e999})",
                           R"({"type":"error","batch":"x","message":"m"})",
                           R"({"type":"connected","credit":"many"})"}) {
    CHECK_MESSAGE(std::holds_alternative<UnknownMessage>(decode_hub_message(text)), text);
  }
}
