#pragma once
// Modbus read requests, the frames that come back, and the checks that every reply must pass; pure. Nothing of a reply
// is believed that the request did not ask for: a wrong value is worse than none.
// (MODBUS Application Protocol V1.1b3; MODBUS Messaging on TCP/IP V1.0b; MODBUS over Serial Line V1.02)

#include "hardware/register.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace webmacs {

struct ReadRequest {
  int unit = 1;
  RegisterKind kind = RegisterKind::holding;
  int address = 0;
  int count = 1;  // registers (1-125) or bits (1-2000)

  bool operator==(const ReadRequest&) const = default;
};

using ByteView = std::span<const std::uint8_t>;

constexpr std::size_t tcp_header = 6;  // transaction, protocol, length; the unit is counted by the length
constexpr std::size_t longest_tcp_frame = 260;
constexpr std::size_t longest_rtu_frame = 256;
constexpr std::size_t tcp_request_bytes = 12;
constexpr std::size_t rtu_request_bytes = 8;

std::uint8_t read_function(RegisterKind kind);  // 1-4
// Of the registers or bits in a right reply.
std::size_t data_bytes(const ReadRequest& request);
// Of a right reply on a serial line.
std::size_t rtu_reply_size(const ReadRequest& request);

// Unit, function, address and count: what every framing carries.
std::array<std::uint8_t, 6> request_body(const ReadRequest& request);
std::array<std::uint8_t, tcp_request_bytes> tcp_request(const ReadRequest& request, std::uint16_t transaction);
std::array<std::uint8_t, rtu_request_bytes> rtu_request(const ReadRequest& request);

// The first frame of a TCP stream. `lost`: the bytes are no Modbus frame, and what follows cannot be told apart.
struct TcpFrame {
  enum class State { incomplete, whole, lost };
  State state = State::incomplete;
  std::uint16_t transaction = 0;
  ByteView body{};       // unit, function, data
  std::size_t size = 0;  // of the whole frame
};
TcpFrame first_tcp_frame(ByteView bytes);

// The first reply to a read in what came over a serial line: correct in length and checksum. Everything before it is
// noise. Without one, `before` is how many bytes cannot belong to a frame that is still on its way.
struct RtuFrame {
  bool found = false;
  std::size_t before = 0;
  ByteView body{};       // unit, function, data
  std::size_t size = 0;  // of the frame
};
RtuFrame find_rtu_frame(ByteView bytes);

// What is wrong with a frame as the answer to a request.
enum class Flaw { none, unit, function, count, exception_code };

struct ReplyCheck {
  enum class Verdict { good, exception, bad };
  Verdict verdict = Verdict::bad;
  int exception = 0;       // 1-255 with `exception`
  ByteView data{};         // with `good`: the registers or bits, inside the checked bytes
  Flaw flaw = Flaw::none;  // with `bad`
};

// `body` is a whole frame without its framing.
ReplyCheck check_reply(const ReadRequest& request, ByteView body);

// The data of a good reply as `count` words: registers, or one 0/1 word per bit.
void unpack_reply(const ReadRequest& request, ByteView data, std::uint16_t* words);

std::uint16_t rtu_crc(const std::uint8_t* bytes, std::size_t size);

}  // namespace webmacs
