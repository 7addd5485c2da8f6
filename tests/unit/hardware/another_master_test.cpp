// Another master on the line, or behind the same serial server: its replies come to us as well, and nothing in them
// says who asked for them. No value of ours is taken from one that is not of the same unit, function and length, and
// what was asked for is not forgotten because of it.
#include "line_reader.h"

#include <doctest/doctest.h>

#include <utility>

using namespace webmacs;
using namespace webmacs::line_tests;
using namespace std::chrono_literals;

namespace {

// What another master's request is answered with.
Bytes foreign_reply(const ReadRequest& request) {
  const auto frame = rtu_request(request);
  return ScriptedPeer::right_reply(Bytes(frame.begin(), frame.end()));
}

Bytes foreign_exception() {
  Bytes frame{1, 0x83, 2};
  const std::uint16_t checksum = rtu_crc(frame.data(), frame.size());
  frame.push_back(static_cast<std::uint8_t>(checksum & 0xFF));
  frame.push_back(static_cast<std::uint8_t>(checksum >> 8));
  return frame;
}

Reaction reaction(Bytes bytes, const Bytes& more = {}) {
  bytes.insert(bytes.end(), more.begin(), more.end());
  Reaction reaction;
  reaction.bytes = std::move(bytes);
  return reaction;
}

}  // namespace

TEST_CASE("the reply to another master's longer read, ahead of ours, is no answer and hides none") {
  ScriptedPeer peer(
      [](const Bytes& request, int) {
        return reaction(foreign_reply({1, RegisterKind::holding, 50, 5}), ScriptedPeer::right_reply(request));
      },
      true);
  Reader reader(peer.port(), Transport::rtu_over_tcp);
  for (const int address : {100, 200, 300}) CHECK(reader.read(address) == Kind::good);
  CHECK(reader.wrong_values == 0);
}

TEST_CASE("an answer that is late behind another master's reply is not the next request's") {
  // The second request is answered by what is another master's alone; its own reply comes with that to the third.
  Bytes owed;
  ScriptedPeer peer(
      [&](const Bytes& request, int number) {
        if (number == 1) {
          owed = ScriptedPeer::right_reply(request);
          return reaction(foreign_reply({1, RegisterKind::holding, 50, 5}));
        }
        return reaction(std::exchange(owed, {}), ScriptedPeer::right_reply(request));
      },
      true);
  Reader reader(peer.port(), Transport::rtu_over_tcp);
  reader.timeout = 300ms;
  CHECK(reader.read(100) == Kind::good);
  CHECK(reader.read(200) == Kind::wrong_count);
  CHECK(reader.outcome.description() == "bad reply: 10 bytes came where 6 make 3 registers");
  // Whoever has the same shape has to wait, and others need not.
  CHECK_FALSE(reader.line->wait_for_owed({1, RegisterKind::holding, 300, 3}, false, Clock::now()));
  CHECK(reader.line->wait_for_owed({1, RegisterKind::holding, 300, 4}, false, Clock::now()));
  CHECK(reader.read(300, 4) == Kind::good);
  CHECK(reader.read(300) == Kind::good);  // the owed one has come
  CHECK(reader.wrong_values == 0);
}

TEST_CASE("where another master is known an exception may be meant for it") {
  Bytes owed;
  ScriptedPeer peer(
      [&](const Bytes& request, int number) {
        if (number == 0)
          return reaction(foreign_reply({7, RegisterKind::input, 0, 2}), ScriptedPeer::right_reply(request));
        if (number == 1) {
          owed = ScriptedPeer::right_reply(request);
          return reaction(foreign_exception());
        }
        return reaction(std::exchange(owed, {}), ScriptedPeer::right_reply(request));
      },
      true);
  Reader reader(peer.port(), Transport::rtu_over_tcp);
  reader.timeout = 300ms;
  CHECK(reader.read(100) == Kind::good);
  CHECK(reader.read(200) == Kind::exception);
  CHECK_FALSE(reader.line->wait_for_owed({1, RegisterKind::holding, 300, 3}, false, Clock::now()));
  CHECK(reader.read(300, 4) == Kind::good);
  CHECK(reader.read(300) == Kind::good);
  CHECK(reader.wrong_values == 0);
}

TEST_CASE("where none is known an exception is the answer, and nobody has to wait") {
  ScriptedPeer peer(
      [&](const Bytes& request, int number) { return number == 0 ? reaction(foreign_exception()) : right(request); },
      true);
  Reader reader(peer.port(), Transport::rtu_over_tcp);
  CHECK(reader.read(200) == Kind::exception);
  CHECK(reader.line->wait_for_owed({1, RegisterKind::holding, 300, 3}, false, Clock::now()));
  CHECK(reader.read(300) == Kind::good);
}
