#include "hardware/simulator/request_frame.h"

#include "hardware/modbus_frame.h"

namespace webmacs {
namespace {

using State = RequestFrame::State;

constexpr std::size_t shortest_rtu_frame = 4;

// 0 where the function does not tell, or not yet.
std::size_t known_size(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const int function = bytes[1];
  if (function >= 1 && function <= 6) return 8;
  const bool counted = function == 15 || function == 16;
  return counted && size >= 7 ? 9 + std::size_t{bytes[6]} : 0;
}

bool checksum_is_right(const std::uint8_t* bytes, std::size_t size) {
  return rtu_crc(bytes, size - 2) == (bytes[size - 2] | bytes[size - 1] << 8);
}

}  // namespace

RequestFrame tcp_request_frame(const std::uint8_t* bytes, std::size_t size) {
  RequestFrame frame;
  if (size < tcp_header) return frame;
  const int protocol = bytes[2] << 8 | bytes[3];
  const auto length = static_cast<std::size_t>(bytes[4] << 8 | bytes[5]);
  if (protocol != 0 || length < 2 || length > longest_tcp_frame - tcp_header) {
    frame.state = State::broken;
    return frame;
  }
  if (size < tcp_header + length) return frame;
  return {State::whole, tcp_header + length, bytes[tcp_header], tcp_header + 1, length - 1};
}

RequestFrame rtu_request_frame(const std::uint8_t* bytes, std::size_t size, bool silence_follows) {
  RequestFrame frame;
  std::size_t end = known_size(bytes, size);
  const bool known = end > 0 && end <= size && checksum_is_right(bytes, end);
  if (!known) {
    if (!silence_follows) return frame;
    end = size;
    if (size < shortest_rtu_frame || !checksum_is_right(bytes, size)) {
      frame.state = State::broken;
      return frame;
    }
  }
  return {State::whole, end, bytes[0], 1, end - 3};
}

}  // namespace webmacs
