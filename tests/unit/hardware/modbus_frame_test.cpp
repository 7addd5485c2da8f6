#include "hardware/modbus_frame.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace webmacs;

namespace {

using Verdict = ReplyCheck::Verdict;
using Bytes = std::vector<std::uint8_t>;

const ReadRequest two_registers{17, RegisterKind::holding, 0x006B, 2};
const Bytes tcp_reply = {0x12, 0x34, 0, 0, 0, 7, 17, 3, 4, 0x02, 0x2B, 0x00, 0x64};
const Bytes tcp_exception = {0x12, 0x34, 0, 0, 0, 3, 17, 0x83, 2};

ReplyCheck check(const Bytes& bytes, const ReadRequest& request = two_registers) {
  return check_tcp_reply(request, 0x1234, bytes.data(), bytes.size());
}

Bytes changed(Bytes bytes, std::size_t at, int byte) {
  bytes[at] = static_cast<std::uint8_t>(byte);
  return bytes;
}

Bytes with_crc(Bytes bytes) {
  const std::uint16_t crc = rtu_crc(bytes.data(), bytes.size());
  bytes.push_back(static_cast<std::uint8_t>(crc));
  bytes.push_back(static_cast<std::uint8_t>(crc >> 8));
  return bytes;
}

}  // namespace

TEST_CASE("a request is the twelve bytes of the specification") {
  const auto bytes = tcp_request(two_registers, 0x1234);
  CHECK(Bytes(bytes.begin(), bytes.end()) == Bytes{0x12, 0x34, 0, 0, 0, 6, 17, 3, 0, 0x6B, 0, 2});
  CHECK(read_function(RegisterKind::coil) == 1);
  CHECK(read_function(RegisterKind::discrete) == 2);
  CHECK(read_function(RegisterKind::input) == 4);
}

TEST_CASE("the right reply is good, and its registers are what the bytes say") {
  const ReplyCheck reply = check(tcp_reply);
  REQUIRE(reply.verdict == Verdict::good);
  std::uint16_t words[2];
  unpack_reply(two_registers, reply.data, words);
  CHECK(words[0] == 0x022B);
  CHECK(words[1] == 0x0064);
}

TEST_CASE("bits are unpacked from the lowest of the first byte on") {
  const ReadRequest bits{1, RegisterKind::coil, 19, 11};
  const Bytes bytes = {0x12, 0x34, 0, 0, 0, 5, 1, 1, 2, 0xCD, 0x05};
  const ReplyCheck reply = check(bytes, bits);
  REQUIRE(reply.verdict == Verdict::good);
  std::uint16_t words[11];
  unpack_reply(bits, reply.data, words);
  CHECK(std::vector<int>(words, words + 11) == std::vector<int>{1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1});
}

TEST_CASE("an exception is one, with its code") {
  const ReplyCheck reply = check(tcp_exception);
  CHECK(reply.verdict == Verdict::exception);
  CHECK(reply.exception == 2);
  CHECK(check(changed(tcp_exception, 8, 0)).verdict == Verdict::bad);
}

TEST_CASE("a reply that is still coming is incomplete at every length") {
  for (const Bytes& whole : {tcp_reply, tcp_exception}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK(check(Bytes(whole.begin(), whole.begin() + static_cast<long>(size))).verdict == Verdict::incomplete);
    }
  }
}

TEST_CASE("a reply with any wrong byte before its data is refused") {
  for (std::size_t at = 0; at < 9; ++at) {
    for (int flip = 1; flip < 256; ++flip) {
      CAPTURE(at);
      CAPTURE(flip);
      const ReplyCheck reply = check(changed(tcp_reply, at, tcp_reply[at] ^ flip));
      CHECK(reply.verdict == Verdict::bad);
      CHECK(std::string(reply.why) != "");
    }
  }
}

TEST_CASE("bytes beyond the reply are refused") {
  Bytes longer = tcp_reply;
  longer.push_back(0);
  CHECK(check(longer).verdict == Verdict::bad);
  longer = tcp_exception;
  longer.push_back(0);
  CHECK(check(longer).verdict == Verdict::bad);
}

TEST_CASE("a length that fits an exception does not fit data, nor the other way round") {
  CHECK(check({0x12, 0x34, 0, 0, 0, 3, 17, 3, 4}).verdict == Verdict::bad);
  CHECK(check({0x12, 0x34, 0, 0, 0, 7, 17, 0x83, 2, 0, 0, 0, 0}).verdict == Verdict::bad);
  CHECK(check({0x12, 0x34, 0, 0, 0, 7, 17, 0x83, 2}).verdict == Verdict::bad);
}

TEST_CASE("the checksum is the one of the serial line specification") {
  // 01 03 00 00 00 0A, a common example: C5 CD on the wire.
  const Bytes request = {1, 3, 0, 0, 0, 10};
  CHECK(rtu_crc(request.data(), request.size()) == 0xCDC5);
}

TEST_CASE("an RTU reply must have the right unit, function, count and checksum, and nothing more") {
  const auto rtu = [](const Bytes& bytes) { return check_rtu_reply(two_registers, bytes.data(), bytes.size()); };
  const Bytes whole = with_crc({17, 3, 4, 0x02, 0x2B, 0x00, 0x64});
  CHECK(rtu(whole).verdict == Verdict::good);
  CHECK(rtu(with_crc({17, 0x83, 2})).verdict == Verdict::exception);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(rtu(Bytes(whole.begin(), whole.begin() + static_cast<long>(size))).verdict == Verdict::incomplete);
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CHECK(rtu(changed(whole, at, whole[at] ^ 0x40)).verdict != Verdict::good);
  }
  CHECK(rtu(with_crc({18, 3, 4, 0x02, 0x2B, 0x00, 0x64})).verdict == Verdict::bad);
  CHECK(rtu(with_crc({17, 4, 4, 0x02, 0x2B, 0x00, 0x64})).verdict == Verdict::bad);
  CHECK(rtu(with_crc({17, 3, 2, 0x02, 0x2B})).verdict == Verdict::bad);
  Bytes longer = whole;
  longer.push_back(0);
  CHECK(rtu(longer).verdict == Verdict::bad);
}
