#pragma once
// The frame that nearly all of a controller's bytes are in, a client's whole text message in one frame, read eight
// bytes at a time: websocketpp spends 30 instructions on each byte. Everything else (fragments, control frames,
// whatever is wrong) is left to websocketpp.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace webmacs {

class PlainTextFrame {
 public:
  explicit PlainTextFrame(std::size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

  // `bytes` start where a frame does. Returns the size of its header, and the payload is to be fed next; 0, and nothing
  // has changed, when it is no such frame, is longer than max_message_bytes, or its header is not all there.
  std::size_t begin(std::string_view bytes);
  // A frame was begun and is not done: feed() is to get what comes.
  bool reading() const { return reading_; }
  // Returns how many bytes were used.
  std::size_t feed(std::string_view bytes);
  // All of the payload is there.
  bool done() const { return reading_ && text_.size() == size_; }
  // The message, whether or not it is valid UTF-8. Ends the frame; its room is given back.
  std::string take();

 private:
  const std::size_t max_message_bytes_;
  bool reading_ = false;
  std::size_t size_ = 0;  // of the payload
  std::array<char, 4> mask_{};
  std::string text_;
};

}  // namespace webmacs
