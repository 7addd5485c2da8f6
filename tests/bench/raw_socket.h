#pragma once
// Bare sockets for the generator and the bare loop of the fan-out benchmarks: nothing of ours is under the measure.
// Functions throw std::system_error or std::runtime_error.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace webmacs {

// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return number_; }

 private:
  int number_;
};

// A non-blocking WebSocket client on the loopback, its handshake done; `rest` gets what came behind the answer.
Descriptor open_websocket(std::uint16_t port, const std::string& path, const std::string& token, std::string& rest);
// A non-blocking listener on the loopback at a port of the kernel's choice.
Descriptor listen_on_loopback(std::uint16_t& port);

// Throws with the name of the call and errno's text unless `result` is at least 0; returns it.
int checked(int result, const char* call);
// One epoll descriptor watches `fd` for `events`; `data` comes back.
void watch_descriptor(int epoll, int fd, std::uint32_t events, std::uint64_t data, bool again = false);

// A client's text frame; its mask is zero, so the payload stands there as it is.
void append_client_frame(std::string& out, std::string_view payload);

// Counts the frames of a stream of a server's bytes without keeping them. Unmasked frames only.
class FrameCounter {
 public:
  // Throws std::runtime_error at a close frame. Control frames are not counted.
  void feed(const char* bytes, std::size_t size);
  std::uint64_t frames = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t open_braces = 0;  // counted only with count_braces: JSON objects within frames
  bool count_braces = false;

 private:
  std::size_t header_size() const;
  void begin_payload();

  char header_[10] = {};
  std::size_t have_ = 0;         // bytes of the header
  std::uint64_t remaining_ = 0;  // bytes of the payload that are still to come
};

}  // namespace webmacs
