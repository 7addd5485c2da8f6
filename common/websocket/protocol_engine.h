#pragma once
// The frames of RFC 6455 without I/O, once the handshake is done: bytes in, events and frames to send out. websocketpp
// frames, masks and checks; this adds the order of things: pings are answered, a close is echoed, and after a
// violation the close frame with the right code is the last thing that leaves. Network thread only.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace webmacs {

// Called from within feed() and close(); may call encode and close of the engine, but not feed.
class EngineEvents {
 public:
  enum class Reply { pong, close };

  // A whole message, valid UTF-8, only before any close. False: feed() stops behind it.
  virtual bool on_engine_text(std::string_view text) = 0;
  virtual void on_engine_binary() = 0;
  // A frame that the protocol wants sent. A pong may be left out when the peer does not read.
  virtual void on_engine_reply(Reply kind, std::string frame) = 0;
  // The peer's close frame came, or the peer broke the protocol: code and reason of the peer's frame (1005 for one
  // without a code), or of ours. Once and last; nothing that is fed later counts.
  virtual void on_engine_closed(std::uint16_t code, const std::string& reason) = 0;

 protected:
  ~EngineEvents() = default;
};

class ProtocolEngine {
 public:
  // Messages of up to `max_message_bytes` are taken, a longer one closes with 1009.
  static std::unique_ptr<ProtocolEngine> make_server(std::size_t max_message_bytes, EngineEvents& events);
  static std::unique_ptr<ProtocolEngine> make_client(std::size_t max_message_bytes, EngineEvents& events);
  virtual ~ProtocolEngine() = default;

  // Returns how many bytes were used: all, unless on_engine_text said stop. Throws only what the events throw, and
  // std::bad_alloc.
  virtual std::size_t feed(std::string_view bytes) = 0;
  // Sends the close frame; texts are discarded from now on, until the peer's close frame ends it. Once.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;

  // One frame, ready to send. encode_text needs valid UTF-8; a client's gives an empty frame for anything else.
  virtual std::string encode_text(std::string_view payload) = 0;
  virtual std::string encode_ping() = 0;
  // The size of what encode_text would give.
  virtual std::size_t encoded_size(std::size_t payload_bytes) const = 0;
};

}  // namespace webmacs
