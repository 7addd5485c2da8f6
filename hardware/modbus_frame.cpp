#include "hardware/modbus_frame.h"

namespace webmacs {
namespace {

using Verdict = ReplyCheck::Verdict;

constexpr std::size_t tcp_header = 6;  // transaction, protocol, length; the unit is counted by the length
constexpr std::uint8_t exception_bit = 0x80;

std::uint8_t high(int word) {
  return static_cast<std::uint8_t>(word >> 8);
}
std::uint8_t low(int word) {
  return static_cast<std::uint8_t>(word);
}
int word_at(const std::uint8_t* bytes) {
  return bytes[0] << 8 | bytes[1];
}

std::size_t data_bytes(const ReadRequest& request) {
  const auto count = static_cast<std::size_t>(request.count);
  return is_bits(request.kind) ? (count + 7) / 8 : 2 * count;
}

ReplyCheck bad(const char* why) {
  return {Verdict::bad, 0, nullptr, why};
}

// Unit, function, then byte count and data or an exception code. `size` may hold more than that.
ReplyCheck check_body(const ReadRequest& request, const std::uint8_t* bytes, std::size_t size) {
  if (size >= 1 && bytes[0] != low(request.unit)) return bad("wrong unit");
  if (size < 2) return {};
  const std::uint8_t function = read_function(request.kind);
  if (bytes[1] == (function | exception_bit)) {
    if (size < 3) return {};
    if (bytes[2] == 0) return bad("exception 0 does not exist");
    return {Verdict::exception, bytes[2], nullptr, ""};
  }
  if (bytes[1] != function) return bad("wrong function");
  if (size >= 3 && bytes[2] != data_bytes(request)) return bad("wrong byte count");
  if (size < 3 + data_bytes(request)) return {};
  return {Verdict::good, 0, bytes + 3, ""};
}

std::size_t body_size(const ReadRequest& request, const ReplyCheck& body) {
  return body.verdict == Verdict::exception ? 3 : 3 + data_bytes(request);
}

}  // namespace

std::uint8_t read_function(RegisterKind kind) {
  switch (kind) {
    case RegisterKind::coil:
      return 1;
    case RegisterKind::discrete:
      return 2;
    case RegisterKind::holding:
      return 3;
    case RegisterKind::input:
      return 4;
  }
  return 0;
}

std::array<std::uint8_t, 6> request_body(const ReadRequest& request) {
  return {low(request.unit),    read_function(request.kind), high(request.address),
          low(request.address), high(request.count),         low(request.count)};
}

std::array<std::uint8_t, 12> tcp_request(const ReadRequest& request, std::uint16_t transaction) {
  const auto body = request_body(request);
  return {high(transaction), low(transaction), 0, 0, 0, 6, body[0], body[1], body[2], body[3], body[4], body[5]};
}

ReplyCheck check_tcp_reply(const ReadRequest& request, std::uint16_t transaction, const std::uint8_t* bytes,
                           std::size_t size) {
  if (size >= 2 && word_at(bytes) != transaction) return bad("wrong transaction");
  if (size >= 4 && word_at(bytes + 2) != 0) return bad("wrong protocol");
  if (size < tcp_header) return {};
  const auto length = static_cast<std::size_t>(word_at(bytes + 4));
  if (length != 3 && length != 3 + data_bytes(request)) return bad("wrong length");
  const ReplyCheck body = check_body(request, bytes + tcp_header, size - tcp_header);
  if (body.verdict == Verdict::bad) return body;
  if (size > tcp_header + length) return bad("more bytes than the length says");
  if (body.verdict != Verdict::incomplete && body_size(request, body) != length) return bad("wrong length");
  // Too short a length for its function: no further byte could belong to this frame.
  if (body.verdict == Verdict::incomplete && size == tcp_header + length) return bad("wrong length");
  return body;
}

ReplyCheck check_rtu_reply(const ReadRequest& request, const std::uint8_t* bytes, std::size_t size) {
  const ReplyCheck body = check_body(request, bytes, size);
  if (body.verdict == Verdict::bad || body.verdict == Verdict::incomplete) return body;
  const std::size_t end = body_size(request, body);
  if (size < end + 2) return {};
  if (size > end + 2) return bad("more bytes than the frame has");
  const int crc = bytes[end] | bytes[end + 1] << 8;  // low byte first, unlike everything else
  return rtu_crc(bytes, end) == crc ? body : bad("wrong checksum");
}

void unpack_reply(const ReadRequest& request, const std::uint8_t* data, std::uint16_t* words) {
  const auto count = static_cast<std::size_t>(request.count);
  for (std::size_t i = 0; i < count; ++i) {
    words[i] = static_cast<std::uint16_t>(is_bits(request.kind) ? data[i / 8] >> (i % 8) & 1 : word_at(data + 2 * i));
  }
}

std::uint16_t rtu_crc(const std::uint8_t* bytes, std::size_t size) {
  unsigned crc = 0xFFFF;
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xA001 : crc >> 1;
  }
  return static_cast<std::uint16_t>(crc);
}

}  // namespace webmacs
