// Whatever comes as an upgrade request, and whatever a server answers to ours: never an exception, and an answer that
// was accepted is one that belongs to our key.

#include "common/websocket/handshake.h"
#include "property.h"

#include <cstdint>

using namespace webmacs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  const UpgradeAnswer answer = answer_upgrade(bytes, "webmacs.v1");
  WEBMACS_PROPERTY(answer.accepted == answer.problem.empty());
  WEBMACS_PROPERTY(answer.consumed <= size);
  const std::string start = answer.accepted ? "HTTP/1.1 101 " : "HTTP/1.1 4";
  WEBMACS_PROPERTY(answer.response.compare(0, start.size(), start) == 0);
  const auto end = answer.response.find("\r\n\r\n");
  WEBMACS_PROPERTY(end == answer.response.size() - 4);  // one head and nothing behind it

  ClientHandshake client("hub.lab", "/ws", {{"Authorization", "Bearer secret"}});
  auto progress = ClientHandshake::Progress::incomplete;
  for (std::size_t at = 0; at < size && progress == ClientHandshake::Progress::incomplete; at += 7) {
    auto piece = bytes.substr(at, 7);
    progress = client.feed(piece);
    WEBMACS_PROPERTY(progress == ClientHandshake::Progress::open || piece.size() <= 7);
  }
  // The key is random: no input knows its answer.
  WEBMACS_PROPERTY(progress != ClientHandshake::Progress::open);
  WEBMACS_PROPERTY((progress == ClientHandshake::Progress::failed) == !client.problem().empty());
  WEBMACS_PROPERTY(client.problem().find("secret") == std::string::npos);
  return 0;
}
