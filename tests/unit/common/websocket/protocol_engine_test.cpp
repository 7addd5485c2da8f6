// The engine alone: bytes in, events and frames out.

#include "common/websocket/frame_queue.h"
#include "engine_bench.h"

#include <algorithm>

using namespace webmacs;
using namespace webmacs::test;

TEST_CASE("a text message arrives whole, however its bytes are cut") {
  const std::string message(70, 'x');
  const std::string long_message(40000, 'y');
  const std::string stream = text(message) + text("") + text(long_message) + text("end");
  for (const std::size_t cut : {1UL, 2UL, 3UL, 7UL, 4096UL, 65536UL}) {
    ServerEngine server;
    for (std::size_t at = 0; at < stream.size(); at += cut) server.feed(stream.substr(at, cut));
    REQUIRE(server.events.texts.size() == 4);
    CHECK(server.events.texts[0] == message);
    CHECK(server.events.texts[1].empty());
    CHECK(server.events.texts[2] == long_message);
    CHECK(server.events.texts[3] == "end");
  }
}

TEST_CASE("control frames between fragments are answered and leave the message alone") {
  ServerEngine server;
  server.feed(wire_frame(0x01, "one ") + wire_frame(0x89, "are you there") + wire_frame(0x00, "two ") +
              wire_frame(0x8A, "unasked") + wire_frame(0x80, "three"));
  REQUIRE(server.events.texts.size() == 1);
  CHECK(server.events.texts[0] == "one two three");
  const auto replies = server.replies();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].first_byte == 0x8A);
  CHECK(replies[0].payload == "are you there");
}

TEST_CASE("whole messages, fragments and control frames follow each other in any order, however they are cut") {
  const std::string euros = [] {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += i % 100 == 0 ? "\xE2\x82\xAC" : "123456789";
    return text;
  }();
  const std::string stream = text("first") + wire_frame(0x89, "1") + text(euros) + wire_frame(0x01, "of ") +
                             wire_frame(0x89, "2") + wire_frame(0x00, euros) + wire_frame(0x80, " parts") +
                             text(euros) + wire_frame(0x89, "3") + text("last");
  for (const std::size_t cut : {1UL, 5UL, 6UL, 9UL, 1000UL, 4096UL, 4099UL, 65536UL, 1048576UL}) {
    CAPTURE(cut);
    ServerEngine server;
    for (std::size_t at = 0; at < stream.size(); at += cut) server.feed(stream.substr(at, cut));
    CHECK(server.events.texts == std::vector<std::string>{"first", euros, "of " + euros + " parts", euros, "last"});
    const auto replies = server.replies();
    REQUIRE(replies.size() == 3);
    for (const int i : {0, 1, 2}) CHECK(replies[static_cast<std::size_t>(i)].payload == std::to_string(i + 1));
    CHECK(server.events.closed == 0);
  }
}

TEST_CASE("a whole message in the midst of a fragmented one closes with 1002") {
  ServerEngine server;
  server.feed(wire_frame(0x01, "begun ") + text("another"));
  server.check_failed(1002);
  CHECK(server.events.texts.empty());
}

TEST_CASE("a character that is cut by a fragment's end is one character") {
  ServerEngine server;
  server.feed(wire_frame(0x01, "\xE2\x82") + wire_frame(0x80, "\xAC"));
  REQUIRE(server.events.texts.size() == 1);
  CHECK(server.events.texts[0] == "\xE2\x82\xAC");
}

TEST_CASE("invalid UTF-8 closes with 1007") {
  for (const std::string bad : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "abc\xE2\x82", "\x80"}) {
    CAPTURE(bad.size());
    ServerEngine whole;
    whole.feed(text(bad));
    whole.check_failed(1007);
    CHECK(whole.events.texts.empty());
    // In a last fragment too, where only the end shows that a character is incomplete.
    ServerEngine fragmented;
    fragmented.feed(wire_frame(0x01, "good ") + wire_frame(0x80, bad));
    fragmented.check_failed(1007);
    CHECK(fragmented.events.texts.empty());
  }
}

TEST_CASE("every reserved opcode closes with 1002") {
  for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    CAPTURE(opcode);
    ServerEngine server;
    server.feed(wire_frame(0x80 | opcode, ""));
    server.check_failed(1002);
  }
}

TEST_CASE("every reserved bit closes with 1002, on data and control frames") {
  for (const int bit : {0x40, 0x20, 0x10}) {
    for (const int opcode : {0x1, 0x2, 0x8, 0x9, 0xA}) {
      CAPTURE(bit);
      CAPTURE(opcode);
      ServerEngine server;
      server.feed(wire_frame(0x80 | bit | opcode, ""));
      server.check_failed(1002);
    }
  }
}

TEST_CASE("other violations close with 1002") {
  const std::string not_minimal = std::string("\x81\xFE\x00\x05", 4) + std::string(9, 'x');
  const std::string not_minimal_64 = std::string("\x81\xFF\x00\x00\x00\x00\x00\x00\xFF\xFF", 10) + "mask";
  const std::vector<std::pair<const char*, std::string>> violations = {
      {"unmasked", wire_frame(0x81, "hello", false)},
      {"continuation of nothing", wire_frame(0x80, "x")},
      {"new message within a message", wire_frame(0x01, "x") + wire_frame(0x81, "y")},
      {"fragmented ping", wire_frame(0x09, "x")},
      {"fragmented close", wire_frame(0x08, "")},
      {"ping of 126 bytes", wire_frame(0x89, std::string(126, 'x'))},
      {"length in more bytes than it needs", not_minimal},
      {"64 bit length for 65535", not_minimal_64},
  };
  for (const auto& [name, bytes] : violations) {
    CAPTURE(std::string(name));
    ServerEngine server;
    server.feed(bytes);
    server.check_failed(1002);
  }
}

TEST_CASE("64 KiB are taken, one byte more closes with 1009") {
  const std::string most(64 * 1024, 'x');
  ServerEngine server;
  server.feed(text(most));
  REQUIRE(server.events.texts.size() == 1);
  CHECK(server.events.texts[0].size() == most.size());
  server.feed(text(most + "x"));
  server.check_failed(1009);

  ServerEngine fragmented;
  fragmented.feed(wire_frame(0x01, most.substr(1)) + wire_frame(0x00, "x") + wire_frame(0x80, ""));
  CHECK(fragmented.events.texts.size() == 1);
  fragmented.feed(wire_frame(0x01, most) + wire_frame(0x80, "x"));
  fragmented.check_failed(1009);
}

TEST_CASE("a continuation that claims nearly 2^64 bytes closes with 1009") {
  // 2^64 - 2 added to what is there already would be a small number again.
  const std::string huge = std::string("\x80\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE", 10) + "maskmore";
  ServerEngine server;
  server.feed(wire_frame(0x01, "four") + huge);
  server.check_failed(1009);
}

TEST_CASE("feeding stops behind the message that says so, and goes on at that byte") {
  ServerEngine server;
  server.events.go_on = false;
  std::string stream;
  for (int i = 0; i < 3000; ++i) stream += text("message " + std::to_string(i));
  for (std::size_t at = 0; at < stream.size();) at += server.engine->feed(std::string_view(stream).substr(at));
  REQUIRE(server.events.texts.size() == 3000);
  CHECK(server.events.texts[2999] == "message 2999");
}

TEST_CASE("a client masks what it sends, each frame with its own mask, and refuses masked frames") {
  EngineHeard events;
  const auto client = ProtocolEngine::make_client(64 * 1024, events);
  std::vector<std::string> masks;
  for (const std::size_t size : {0, 5, 125, 126, 65535, 65536}) {
    const std::string payload(size, 'p');
    std::string wire = client->encode_text(payload);
    CHECK(wire.size() == client->encoded_size(size));
    masks.push_back(wire.substr(wire.size() - size - 4, 4));
    const auto frames = take_frames(wire);
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].masked);
    CHECK(frames[0].payload == payload);
  }
  std::sort(masks.begin(), masks.end());
  CHECK(std::unique(masks.begin(), masks.end()) == masks.end());
  std::string ping = client->encode_ping();
  CHECK(take_frames(ping).at(0).masked);
  CHECK(client->encode_text("\xFF").empty());

  client->feed(wire_frame(0x81, "unmasked", false));
  CHECK(events.texts.size() == 1);
  client->feed(wire_frame(0x81, "masked"));
  CHECK(events.code == 1002);
}

TEST_CASE("a server's text frames have the shortest length and no mask") {
  ServerEngine server;
  for (const std::size_t size : {0, 125, 126, 65535, 65536}) {
    const std::string payload(size, 'p');
    std::string wire = server.engine->encode_text(payload);
    CHECK(wire.size() == server.engine->encoded_size(size));
    CHECK(wire == wire_frame(0x81, payload, false));
    CHECK(wire == *make_text_frame(payload));
  }
}

TEST_CASE("a queue counts its bytes exactly, through frames that are taken in part") {
  FrameQueue queue;
  std::string expected, got;
  std::vector<boost::asio::const_buffer> buffers;
  const auto take = [&](std::size_t bytes) {
    queue.gather(buffers, 64);
    std::string offered;
    for (const auto& buffer : buffers) offered.append(static_cast<const char*>(buffer.data()), buffer.size());
    got += offered.substr(0, bytes);
    queue.take(bytes);
  };
  for (int i = 0; i < 500; ++i) {
    const std::string frame(static_cast<std::size_t>(i % 7), static_cast<char>('a' + i % 26));
    queue.push(std::make_shared<const std::string>(frame));
    expected += frame;
    if (i % 3 == 0) take(std::min<std::size_t>(queue.bytes(), static_cast<std::size_t>(i % 11)));
    CHECK(queue.bytes() == expected.size() - got.size());
  }
  while (!queue.empty()) take(std::min<std::size_t>(queue.bytes(), 5));
  CHECK(got == expected);
  queue.gather(buffers, 64);
  CHECK(buffers.empty());
}
