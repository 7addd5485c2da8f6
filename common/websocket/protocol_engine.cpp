#include "common/websocket/protocol_engine.h"

#include "common/utf8.h"
#include "common/websocket/engine_config.h"
#include "common/websocket/frame_queue.h"
#include "common/websocket/plain_text_frame.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace webmacs {
namespace {

namespace opcode = websocketpp::frame::opcode;
namespace status = websocketpp::close::status;

// How much of the input is copied at a time: the processor unmasks in place, and the input is not ours to change.
constexpr std::size_t piece_bytes = 4096;
constexpr std::size_t mask_bytes = 4;

// All bytes of a text were valid as they came, but of a fragmented one websocketpp does not check that the last
// character is whole.
bool ends_with_whole_character(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(4, text.size()); ++back) {
    const std::string_view tail = text.substr(text.size() - back);
    if ((static_cast<unsigned char>(tail.front()) & 0xC0) != 0x80) return utf8_character_size(tail) == back;
  }
  return text.empty();
}

std::uint16_t code_for(const websocketpp::lib::error_code& violation) {
  const auto code = websocketpp::processor::error::to_ws(violation);
  // What websocketpp has no code for (a length that is not minimal) is the peer's violation, not our failure.
  return code == status::internal_endpoint_error ? status::protocol_error : code;
}

template <typename Config>
class Engine final : public ProtocolEngine {
 public:
  Engine(bool server, std::size_t max_message_bytes, EngineEvents& events)
      : server_(server),
        max_message_bytes_(max_message_bytes),
        events_(events),
        plain_(max_message_bytes),
        processor_(false, server, messages(), random()) {
    processor_.set_max_message_size(max_message_bytes);
  }

  std::size_t feed(std::string_view bytes) override;
  void close(std::uint16_t code, std::string_view reason) override;
  std::string encode_text(std::string_view payload) override;
  std::string encode_ping() override;
  std::size_t encoded_size(std::size_t payload_bytes) const override {
    const std::size_t length_bytes = payload_bytes < 126 ? 0 : payload_bytes <= 0xFFFF ? 2 : 8;
    return 2 + length_bytes + (server_ ? 0 : mask_bytes) + payload_bytes;
  }

 private:
  using Message = typename Config::message_type::ptr;
  enum class State { open, closing, closed };

  // Shared by all engines of the thread; both are without state that matters to one connection.
  static typename Config::con_msg_manager_type::ptr messages() {
    thread_local const auto manager = std::make_shared<typename Config::con_msg_manager_type>();
    return manager;
  }
  static typename Config::rng_type& random() {
    thread_local typename Config::rng_type generator;
    return generator;
  }
  static std::string whole(const Message& frame) { return frame->get_header() + frame->get_payload(); }

  std::size_t feed_plain(std::string_view bytes);
  bool finish_plain();                    // false: stop feeding
  bool dispatch(const Message& message);  // false: stop feeding
  void on_close_frame(const std::string& payload);
  void send_close(std::uint16_t code, const std::string& reason);
  void end(std::uint16_t code, const std::string& reason);
  void fail(std::uint16_t code, const std::string& reason);

  const bool server_;
  const std::size_t max_message_bytes_;
  EngineEvents& events_;
  State state_ = State::open;
  PlainTextFrame plain_;
  bool between_messages_ = true;  // the processor has no part of a frame or of a fragmented message
  websocketpp::processor::hybi13<Config> processor_;
};

// The bytes of a plain text message, from its header on: how many were used; 0 when the processor is to have them.
template <typename Config>
std::size_t Engine<Config>::feed_plain(std::string_view bytes) {
  std::size_t used = 0;
  if (!plain_.reading()) {
    if (!server_ || !between_messages_ || state_ != State::open) return 0;
    used = plain_.begin(bytes);
    if (used == 0) return 0;
  }
  return used + plain_.feed(bytes.substr(used));
}

template <typename Config>
bool Engine<Config>::finish_plain() {
  const std::string text = plain_.take();
  if (state_ != State::open) return true;
  if (valid_utf8(text)) return events_.on_engine_text(text);
  fail(status::invalid_payload, "Invalid UTF-8");
  return true;
}

template <typename Config>
std::size_t Engine<Config>::feed(std::string_view bytes) {
  std::array<unsigned char, piece_bytes> piece;
  for (std::size_t fed = 0; fed < bytes.size();) {
    if (const std::size_t used = feed_plain(bytes.substr(fed)); used > 0) {
      fed += used;
      if (plain_.done() && !finish_plain()) return fed;
      if (state_ == State::closed) return bytes.size();
      continue;
    }
    const std::size_t size = std::min(piece.size(), bytes.size() - fed);
    std::memcpy(piece.data(), bytes.data() + fed, size);
    for (std::size_t used = 0; used < size;) {
      if (state_ == State::closed) return bytes.size();
      websocketpp::lib::error_code violation;
      between_messages_ = false;
      used += processor_.consume(piece.data() + used, size - used, violation);
      if (violation) {
        fail(code_for(violation), violation.message());
        return bytes.size();
      }
      // A continuation whose length is near 2^64 wraps around websocketpp's own check.
      if (processor_.get_bytes_needed() > std::max<std::size_t>(max_message_bytes_, 125)) {
        fail(status::message_too_big, "message too big");
        return bytes.size();
      }
      if (!processor_.ready()) continue;
      const Message message = processor_.get_message();
      // A control frame may stand between fragments: only the end of a message shows that there are none.
      between_messages_ = !websocketpp::frame::opcode::is_control(message->get_opcode());
      if (!dispatch(message)) return fed + used;
    }
    fed += size;
  }
  return bytes.size();
}

template <typename Config>
bool Engine<Config>::dispatch(const Message& message) {
  const std::string& payload = message->get_payload();
  switch (message->get_opcode()) {
    case opcode::text:
      if (state_ != State::open) return true;
      if (ends_with_whole_character(payload)) return events_.on_engine_text(payload);
      fail(status::invalid_payload, "Invalid UTF-8");
      return true;
    case opcode::binary:
      if (state_ == State::open) events_.on_engine_binary();
      return true;
    case opcode::ping: {
      if (state_ != State::open) return true;
      const auto pong = messages()->get_message();
      processor_.prepare_pong(payload, pong);
      events_.on_engine_reply(EngineEvents::Reply::pong, whole(pong));
      return true;
    }
    case opcode::close:
      on_close_frame(payload);
      return true;
    default:
      return true;  // a pong: that it came was enough
  }
}

template <typename Config>
void Engine<Config>::on_close_frame(const std::string& payload) {
  websocketpp::lib::error_code invalid;
  const std::uint16_t code = websocketpp::close::extract_code(payload, invalid);
  if (invalid) return fail(status::protocol_error, "Invalid close code");
  const std::string reason = websocketpp::close::extract_reason(payload, invalid);
  if (invalid) return fail(status::invalid_payload, "Invalid UTF-8 in close reason");
  if (state_ == State::open) send_close(code, "");
  end(code, reason);
}

template <typename Config>
void Engine<Config>::close(std::uint16_t code, std::string_view reason) {
  if (state_ != State::open) return;
  state_ = State::closing;
  constexpr std::size_t max_reason = websocketpp::frame::limits::close_reason_size;
  send_close(code, std::string(valid_utf8(reason) ? utf8_prefix(reason, max_reason) : std::string_view()));
}

template <typename Config>
void Engine<Config>::send_close(std::uint16_t code, const std::string& reason) {
  const auto frame = messages()->get_message();
  // A code that must not be on the wire is a mistake on our side.
  if (processor_.prepare_close(code, reason, frame)) {
    processor_.prepare_close(status::internal_endpoint_error, reason, frame);
  }
  events_.on_engine_reply(EngineEvents::Reply::close, whole(frame));
}

template <typename Config>
void Engine<Config>::fail(std::uint16_t code, const std::string& reason) {
  if (state_ == State::open) send_close(code, reason);
  end(code, reason);
}

template <typename Config>
void Engine<Config>::end(std::uint16_t code, const std::string& reason) {
  state_ = State::closed;
  events_.on_engine_closed(code, reason);
}

template <typename Config>
std::string Engine<Config>::encode_text(std::string_view payload) {
  if (server_) {
    std::string frame;
    append_text_frame(frame, payload);
    return frame;
  }
  const auto in = messages()->get_message(opcode::text, payload.size());
  in->append_payload(payload.data(), payload.size());
  const auto out = messages()->get_message();
  return processor_.prepare_data_frame(in, out) ? std::string() : whole(out);
}

template <typename Config>
std::string Engine<Config>::encode_ping() {
  const auto frame = messages()->get_message();
  processor_.prepare_ping("", frame);
  return whole(frame);
}

}  // namespace

std::unique_ptr<ProtocolEngine> ProtocolEngine::make_server(std::size_t max_message_bytes, EngineEvents& events) {
  return std::make_unique<Engine<ServerConfig>>(true, max_message_bytes, events);
}

std::unique_ptr<ProtocolEngine> ProtocolEngine::make_client(std::size_t max_message_bytes, EngineEvents& events) {
  return std::make_unique<Engine<ClientConfig>>(false, max_message_bytes, events);
}

}  // namespace webmacs
