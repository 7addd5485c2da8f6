#pragma once
// A WebSocket client as thin as it can be, for a generator of many on one core: a non-blocking socket, the frames that
// come, pings answered. It trusts the hub: what is wrong ends it.

#include <netinet/in.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace webmacs {

class WireClient {
 public:
  using OnText = std::function<void(std::string_view)>;

  // Connects from a loopback address of its own for each 20000: one address has no more ports. Throws
  // std::runtime_error.
  WireClient(std::uint16_t port, std::size_t number, const std::string& target, const std::string& token);
  ~WireClient();
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;

  int descriptor() const { return descriptor_; }
  bool is_open() const { return open_; }
  bool is_closed() const { return closed_; }

  // To be called when the socket is writable for the first time.
  void on_connected();
  // To be called when the socket is readable.
  void on_readable(const OnText& on_text);
  // One masked text frame. False when the socket does not take it: the client is closed then.
  bool send_text(std::string_view text);

 private:
  bool send_frame(unsigned char first_byte, std::string_view payload);
  std::size_t take_frames(std::string_view bytes, const OnText& on_text);
  void close();

  const std::string request_;
  int descriptor_ = -1;
  bool requested_ = false;
  bool open_ = false;
  bool closed_ = false;
  std::string unread_;  // the beginning of what is not whole yet
};

}  // namespace webmacs
