// Whatever a peer sends once the handshake is done, in both roles: texts are valid and within the limit, what comes out
// does not depend on how the bytes were cut, and after the end there is silence. One thing may: whether a text that is
// no UTF-8 ends the connection at once, or when all of it is there.

#include "common/utf8.h"
#include "common/websocket/protocol_engine.h"
#include "property.h"

#include <algorithm>
#include <cstdint>

using namespace webmacs;

namespace {

constexpr std::size_t max_message = 300;

struct Events final : EngineEvents {
  std::string log;
  int closes_sent = 0;
  bool ended = false;

  bool on_engine_text(std::string_view text) override {
    WEBMACS_PROPERTY(!ended && closes_sent == 0);
    WEBMACS_PROPERTY(valid_utf8(text) && text.size() <= max_message);
    log.append("text ").append(text).append("\n");
    return true;
  }
  void on_engine_binary() override {
    WEBMACS_PROPERTY(!ended && closes_sent == 0);
    log += "binary\n";
  }
  void on_engine_reply(Reply kind, std::string frame) override {
    WEBMACS_PROPERTY(!ended && closes_sent == 0);
    WEBMACS_PROPERTY(frame.size() >= 2 && frame.size() <= 131);
    closes_sent += kind == Reply::close ? 1 : 0;
    if (kind == Reply::pong) log += "pong " + std::to_string(frame.size()) + "\n";
  }
  void on_engine_closed(std::uint16_t code, const std::string& reason) override {
    WEBMACS_PROPERTY(!ended && closes_sent == 1);
    WEBMACS_PROPERTY(code >= 1000 && code < 5000 && valid_utf8(reason));
    ended = true;
    log += "end\n";  // which code, of a frame that breaks two rules, may depend on the cut
  }
};

std::string run(bool server, std::string_view bytes, std::size_t cut) {
  Events events;
  const auto engine =
      server ? ProtocolEngine::make_server(max_message, events) : ProtocolEngine::make_client(max_message, events);
  for (std::size_t at = 0; at < bytes.size(); at += cut) {
    const auto piece = bytes.substr(at, cut);
    WEBMACS_PROPERTY(engine->feed(piece) == piece.size());
  }
  return events.log;
}

bool ended(const std::string& log) {
  constexpr std::string_view end = "end\n";
  return log.size() >= end.size() && log.compare(log.size() - end.size(), end.size(), end) == 0;
}

void check_cut(bool server, const std::string& bytes, std::size_t cut) {
  const std::string whole = run(server, bytes, std::max<std::size_t>(bytes.size(), 1));
  const std::string cut_up = run(server, bytes, cut);
  if (whole == cut_up) return;
  WEBMACS_PROPERTY(ended(whole) ? cut_up + "end\n" == whole : whole + "end\n" == cut_up);
  const std::string rest(max_message, 'x');
  WEBMACS_PROPERTY(run(server, bytes + rest, bytes.size() + rest.size()) == run(server, bytes + rest, cut));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (const bool server : {true, false}) check_cut(server, bytes, 1 + data[0] % 16);
  return 0;
}
