#pragma once
// Modbus read requests and the checks that every reply must pass, pure. Nothing of a reply is believed that the request
// did not ask for: a wrong value is worse than none.
// (MODBUS Application Protocol V1.1b3; MODBUS Messaging on TCP/IP V1.0b; MODBUS over Serial Line V1.02)

#include "hardware/register.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace webmacs {

struct ReadRequest {
  int unit = 1;
  RegisterKind kind = RegisterKind::holding;
  int address = 0;
  int count = 1;  // registers (1-125) or bits (1-2000)
};

constexpr std::size_t longest_tcp_frame = 260;
constexpr std::size_t longest_rtu_frame = 256;

std::uint8_t read_function(RegisterKind kind);  // 1-4

// Unit, function, address and count: what every framing carries.
std::array<std::uint8_t, 6> request_body(const ReadRequest& request);
std::array<std::uint8_t, 12> tcp_request(const ReadRequest& request, std::uint16_t transaction);

struct ReplyCheck {
  enum class Verdict { incomplete, good, exception, bad };
  Verdict verdict = Verdict::incomplete;
  int exception = 0;                   // 1-255 with `exception`
  const std::uint8_t* data = nullptr;  // with `good`: the registers or bits, inside the checked bytes
  const char* why = "";                // with `bad`: which check failed
};

// `bytes` is all that has arrived since the request was sent. Bad as soon as a byte cannot belong to the right answer.
ReplyCheck check_tcp_reply(const ReadRequest& request, std::uint16_t transaction, const std::uint8_t* bytes,
                           std::size_t size);
ReplyCheck check_rtu_reply(const ReadRequest& request, const std::uint8_t* bytes, std::size_t size);

// The data of a good reply as `count` words: registers, or one 0/1 word per bit.
void unpack_reply(const ReadRequest& request, const std::uint8_t* data, std::uint16_t* words);

std::uint16_t rtu_crc(const std::uint8_t* bytes, std::size_t size);

}  // namespace webmacs
