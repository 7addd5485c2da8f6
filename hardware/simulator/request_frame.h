#pragma once
// Takes the requests that a client sends apart. Pure.

#include <cstddef>
#include <cstdint>

namespace webmacs {

struct RequestFrame {
  enum class State {
    incomplete,
    whole,
    broken  // what was received cannot be, or not begin with, a frame
  };
  State state = State::incomplete;
  std::size_t size = 0;  // of the whole frame
  int unit = 0;
  std::size_t pdu = 0;  // where function and data begin
  std::size_t pdu_size = 0;
};

RequestFrame tcp_request_frame(const std::uint8_t* bytes, std::size_t size);

// An RTU frame ends where the line falls silent. One of a function whose length is known is whole as soon as its
// checksum is right; of any other only silence tells.
RequestFrame rtu_request_frame(const std::uint8_t* bytes, std::size_t size, bool silence_follows);

}  // namespace webmacs
