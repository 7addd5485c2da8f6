#include "hardware/modbus_frame.h"

namespace webmacs {
namespace {

constexpr std::size_t crc_size = 2;
constexpr std::size_t exception_size = 3;  // unit, function, code
constexpr std::uint8_t exception_bit = 0x80;

std::uint8_t high(int word) {
  return static_cast<std::uint8_t>(word >> 8);
}
std::uint8_t low(int word) {
  return static_cast<std::uint8_t>(word);
}
int word_at(ByteView bytes, std::size_t at) {
  return bytes[at] << 8 | bytes[at + 1];
}

bool reads(std::uint8_t function) {
  return function >= 1 && function <= 4;
}

// Of unit, function and data of a reply that begins with `bytes`; 0 when that is no reply to a read, or the byte that
// tells is not there yet.
std::size_t body_size(ByteView bytes) {
  if (bytes.size() < exception_size) return 0;
  if (reads(bytes[1])) return bytes[2] == 0 ? 0 : 3 + std::size_t{bytes[2]};
  return reads(static_cast<std::uint8_t>(bytes[1] ^ exception_bit)) ? exception_size : 0;
}

// Whether the first two bytes may begin a reply to a read.
bool may_begin_reply(ByteView bytes) {
  return bytes.size() < 2 || reads(bytes[1] & ~exception_bit);
}

constexpr std::array<std::uint16_t, 256> make_crc_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) {
    unsigned crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xA001 : crc >> 1;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}
constexpr std::array<std::uint16_t, 256> crc_table = make_crc_table();

// Low byte first, unlike everything else.
bool crc_is_right(ByteView body_and_crc) {
  const std::size_t end = body_and_crc.size() - crc_size;
  return rtu_crc(body_and_crc.data(), end) == (body_and_crc[end] | body_and_crc[end + 1] << 8);
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

std::size_t data_bytes(const ReadRequest& request) {
  const auto count = static_cast<std::size_t>(request.count);
  return is_bits(request.kind) ? (count + 7) / 8 : 2 * count;
}

std::size_t rtu_reply_size(const ReadRequest& request) {
  return 3 + data_bytes(request) + crc_size;
}

std::array<std::uint8_t, 6> request_body(const ReadRequest& request) {
  return {low(request.unit),    read_function(request.kind), high(request.address),
          low(request.address), high(request.count),         low(request.count)};
}

std::array<std::uint8_t, tcp_request_bytes> tcp_request(const ReadRequest& request, std::uint16_t transaction) {
  const auto body = request_body(request);
  return {high(transaction), low(transaction), 0, 0, 0, 6, body[0], body[1], body[2], body[3], body[4], body[5]};
}

std::array<std::uint8_t, rtu_request_bytes> rtu_request(const ReadRequest& request) {
  const auto body = request_body(request);
  const int crc = rtu_crc(body.data(), body.size());
  return {body[0], body[1], body[2], body[3], body[4], body[5], low(crc), high(crc)};
}

TcpFrame first_tcp_frame(ByteView bytes) {
  const TcpFrame lost{.state = TcpFrame::State::lost};
  if (bytes.size() >= 4 && word_at(bytes, 2) != 0) return lost;
  if (bytes.size() < tcp_header) return {};
  const auto length = static_cast<std::size_t>(word_at(bytes, 4));
  if (length < exception_size || tcp_header + length > longest_tcp_frame) return lost;
  if (bytes.size() < tcp_header + length) return {};
  const ByteView body = bytes.subspan(tcp_header, length);
  // A length that contradicts its own contents is no length to cut by.
  const std::size_t contents = body_size(body);
  if (contents != 0 && contents != length) return lost;
  return {TcpFrame::State::whole, static_cast<std::uint16_t>(word_at(bytes, 0)), body, tcp_header + length};
}

RtuFrame find_rtu_frame(ByteView bytes) {
  std::size_t impossible = 0;  // so many bytes from the start cannot begin a frame, whatever follows
  bool possible = false;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const ByteView rest = bytes.subspan(at);
    const std::size_t body = body_size(rest);
    const bool whole = body != 0 && rest.size() >= body + crc_size;
    if (whole && crc_is_right(rest.first(body + crc_size))) return {true, at, rest.first(body), body + crc_size};
    const bool unfinished = body != 0 ? !whole : rest.size() < exception_size && may_begin_reply(rest);
    possible = possible || unfinished;
    if (!possible) impossible = at + 1;
  }
  return {.before = impossible};
}

ReplyCheck check_reply(const ReadRequest& request, ByteView body) {
  const auto bad = [](Flaw flaw) { return ReplyCheck{.flaw = flaw}; };
  if (body.empty() || body[0] != low(request.unit)) return bad(Flaw::unit);
  const std::uint8_t function = read_function(request.kind);
  if (body.size() == exception_size && body[1] == (function | exception_bit)) {
    if (body[2] == 0) return bad(Flaw::exception_code);
    return {.verdict = ReplyCheck::Verdict::exception, .exception = body[2]};
  }
  if (body.size() < 2 || body[1] != function) return bad(Flaw::function);
  const std::size_t data = data_bytes(request);
  if (body.size() != 3 + data || body[2] != data) return bad(Flaw::count);
  return {.verdict = ReplyCheck::Verdict::good, .data = body.subspan(3)};
}

void unpack_reply(const ReadRequest& request, ByteView data, std::uint16_t* words) {
  const auto count = static_cast<std::size_t>(request.count);
  for (std::size_t i = 0; i < count; ++i) {
    words[i] = static_cast<std::uint16_t>(is_bits(request.kind) ? data[i / 8] >> (i % 8) & 1 : word_at(data, 2 * i));
  }
}

std::uint16_t rtu_crc(const std::uint8_t* bytes, std::size_t size) {
  unsigned crc = 0xFFFF;
  for (std::size_t i = 0; i < size; ++i) crc = crc >> 8 ^ crc_table[(crc ^ bytes[i]) & 0xFF];
  return static_cast<std::uint16_t>(crc);
}

}  // namespace webmacs
