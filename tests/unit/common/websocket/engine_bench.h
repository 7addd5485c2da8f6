#pragma once
// The engine of a server, and what it told.

#include "common/websocket/protocol_engine.h"
#include "peers.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace webmacs::test {

struct EngineHeard : EngineEvents {
  std::vector<std::string> texts;
  int binaries = 0;
  std::string replies;
  int closed = 0;
  std::uint16_t code = 0;
  std::string reason;
  bool go_on = true;

  bool on_engine_text(std::string_view text) override {
    texts.emplace_back(text);
    return go_on;
  }
  void on_engine_binary() override { ++binaries; }
  void on_engine_reply(Reply, std::string frame) override { replies += frame; }
  void on_engine_closed(std::uint16_t its_code, const std::string& its_reason) override {
    ++closed;
    code = its_code;
    reason = its_reason;
  }
};

struct ServerEngine {
  EngineHeard events;
  std::unique_ptr<ProtocolEngine> engine = ProtocolEngine::make_server(64 * 1024, events);
  void feed(const std::string& bytes) { CHECK(engine->feed(bytes) == bytes.size()); }
  std::vector<Frame> replies() { return take_frames(events.replies); }
  // The engine answered with exactly one close frame of this code, and will hear nothing more.
  void check_failed(int code) {
    CHECK(events.closed == 1);
    CHECK(events.code == code);
    const auto frames = replies();
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].first_byte == 0x88);
    CHECK(frames[0].code() == code);
    const auto texts = events.texts.size();
    feed(text("late"));
    CHECK(events.texts.size() == texts);
    CHECK(events.closed == 1);
  }
};

}  // namespace webmacs::test
