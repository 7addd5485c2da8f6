#include "hardware/modbus_frame.h"

#include <doctest/doctest.h>

#include <vector>

using namespace webmacs;

namespace {

using Verdict = ReplyCheck::Verdict;
using State = TcpFrame::State;
using Frame = std::vector<std::uint8_t>;

const ReadRequest two_registers{17, RegisterKind::holding, 0x006B, 2};
const Frame tcp_reply = {0x12, 0x34, 0, 0, 0, 7, 17, 3, 4, 0x02, 0x2B, 0x00, 0x64};
const Frame tcp_exception = {0x12, 0x34, 0, 0, 0, 3, 17, 0x83, 2};

Frame changed(Frame bytes, std::size_t at, int byte) {
  bytes[at] = static_cast<std::uint8_t>(byte);
  return bytes;
}

Frame joined(const std::vector<Frame>& parts) {
  Frame all;
  for (const Frame& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Frame with_crc(Frame bytes) {
  const std::uint16_t crc = rtu_crc(bytes.data(), bytes.size());
  bytes.push_back(static_cast<std::uint8_t>(crc));
  bytes.push_back(static_cast<std::uint8_t>(crc >> 8));
  return bytes;
}

Frame copy(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

// Whether the bytes hold a TCP frame that answers `two_registers`.
bool answers_over_tcp(const Frame& bytes) {
  const TcpFrame frame = first_tcp_frame(bytes);
  return frame.state == State::whole && frame.transaction == 0x1234 &&
         check_reply(two_registers, frame.body).verdict == Verdict::good;
}

const Frame rtu_reply = with_crc({17, 3, 4, 0x02, 0x2B, 0x00, 0x64});

}  // namespace

TEST_CASE("a request is the bytes of the specification") {
  const auto tcp = tcp_request(two_registers, 0x1234);
  CHECK(copy(tcp) == Frame{0x12, 0x34, 0, 0, 0, 6, 17, 3, 0, 0x6B, 0, 2});
  CHECK(copy(rtu_request({1, RegisterKind::holding, 0, 10})) == Frame{1, 3, 0, 0, 0, 10, 0xC5, 0xCD});
  CHECK(read_function(RegisterKind::coil) == 1);
  CHECK(read_function(RegisterKind::discrete) == 2);
  CHECK(read_function(RegisterKind::input) == 4);
  CHECK(rtu_reply_size(two_registers) == rtu_reply.size());
}

TEST_CASE("the right reply is good, and its registers are what the bytes say") {
  const TcpFrame frame = first_tcp_frame(tcp_reply);
  REQUIRE(frame.state == State::whole);
  CHECK(frame.transaction == 0x1234);
  CHECK(frame.size == tcp_reply.size());
  const ReplyCheck reply = check_reply(two_registers, frame.body);
  REQUIRE(reply.verdict == Verdict::good);
  std::uint16_t words[2];
  unpack_reply(two_registers, reply.data, words);
  CHECK(words[0] == 0x022B);
  CHECK(words[1] == 0x0064);
}

TEST_CASE("bits are unpacked from the lowest of the first byte on") {
  const ReadRequest bits{1, RegisterKind::coil, 19, 11};
  const Frame body = {1, 1, 2, 0xCD, 0x05};
  const ReplyCheck reply = check_reply(bits, body);
  REQUIRE(reply.verdict == Verdict::good);
  std::uint16_t words[11];
  unpack_reply(bits, reply.data, words);
  CHECK(std::vector<int>(words, words + 11) == std::vector<int>{1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1});
}

TEST_CASE("an exception is one, with its code") {
  const ReplyCheck reply = check_reply(two_registers, first_tcp_frame(tcp_exception).body);
  CHECK(reply.verdict == Verdict::exception);
  CHECK(reply.exception == 2);
  CHECK(check_reply(two_registers, Frame{17, 0x83, 0}).flaw == Flaw::exception_code);
}

TEST_CASE("a TCP frame that is still coming is incomplete at every length") {
  for (const Frame& whole : {tcp_reply, tcp_exception}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK(first_tcp_frame(ByteView(whole).first(size)).state == State::incomplete);
    }
  }
}

TEST_CASE("a TCP reply with any wrong byte before its data answers nothing") {
  for (std::size_t at = 0; at < 9; ++at) {
    for (int flip = 1; flip < 256; ++flip) {
      CAPTURE(at);
      CAPTURE(flip);
      CHECK_FALSE(answers_over_tcp(changed(tcp_reply, at, tcp_reply[at] ^ flip)));
    }
  }
}

TEST_CASE("TCP frames are cut by their length, and one that contradicts itself ends the framing") {
  const TcpFrame first = first_tcp_frame(joined({tcp_exception, tcp_reply}));
  CHECK(first.state == State::whole);
  CHECK(first.size == tcp_exception.size());
  CHECK(first_tcp_frame(Frame{0, 1, 0, 0, 0, 2, 17, 3}).state == State::lost);      // too short for any reply
  CHECK(first_tcp_frame(Frame{0, 1, 0, 0, 0x10, 0}).state == State::lost);          // longer than any
  CHECK(first_tcp_frame(Frame{0, 1, 0, 5}).state == State::lost);                   // another protocol
  CHECK(first_tcp_frame(changed(tcp_exception, 5, 4)).state == State::incomplete);  // its own length says more
  CHECK(first_tcp_frame(joined({changed(tcp_exception, 5, 4), {0}})).state == State::lost);
  CHECK(first_tcp_frame(changed(tcp_reply, 8, 2)).state == State::lost);
}

TEST_CASE("another unit, function or number of registers is said to be that") {
  CHECK(check_reply(two_registers, Frame{18, 3, 4, 1, 2, 3, 4}).flaw == Flaw::unit);
  CHECK(check_reply(two_registers, Frame{17, 4, 4, 1, 2, 3, 4}).flaw == Flaw::function);
  CHECK(check_reply(two_registers, Frame{17, 3, 2, 1, 2}).flaw == Flaw::count);
  CHECK(check_reply(two_registers, Frame{17, 3, 4, 1, 2, 3}).flaw == Flaw::count);
  CHECK(check_reply(two_registers, Frame{}).verdict == Verdict::bad);
}

TEST_CASE("the checksum is the one of the serial line specification") {
  // 01 03 00 00 00 0A, a common example: C5 CD on the wire.
  const Frame request = {1, 3, 0, 0, 0, 10};
  CHECK(rtu_crc(request.data(), request.size()) == 0xCDC5);
}

TEST_CASE("an RTU reply is found only when it is all there and its checksum is right") {
  const RtuFrame found = find_rtu_frame(rtu_reply);
  REQUIRE(found.found);
  CHECK(found.before == 0);
  CHECK(found.size == rtu_reply.size());
  CHECK(check_reply(two_registers, found.body).verdict == Verdict::good);
  CHECK(find_rtu_frame(with_crc({17, 0x83, 2})).found);
  for (std::size_t size = 0; size < rtu_reply.size(); ++size) {
    const RtuFrame cut = find_rtu_frame(ByteView(rtu_reply).first(size));
    CHECK_FALSE(cut.found);
    CHECK(cut.before == 0);  // it may still become the reply
  }
  for (std::size_t at = 0; at < rtu_reply.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit)
      CHECK_FALSE(find_rtu_frame(changed(rtu_reply, at, rtu_reply[at] ^ 1 << bit)).found);
  }
}

TEST_CASE("bytes before and behind an RTU reply do not hide it") {
  for (const Frame& noise :
       {Frame{0}, Frame{0, 0}, Frame{0xFF}, Frame{17}, Frame{17, 3}, Frame{17, 3, 200}, Frame{1, 3, 0, 0, 0, 1}}) {
    CAPTURE(noise.size());
    const Frame all = joined({noise, rtu_reply, {0, 0}});
    const RtuFrame found = find_rtu_frame(all);
    REQUIRE(found.found);
    CHECK(found.before == noise.size());
    CHECK(copy(found.body) == Frame(rtu_reply.begin(), rtu_reply.end() - 2));
  }
}

TEST_CASE("bytes that can begin no RTU reply are told from those that can") {
  CHECK(find_rtu_frame(Frame{0, 0, 0}).before == 2);  // the last one may be a unit
  CHECK(find_rtu_frame(Frame{0x55, 0x55, 0x55, 17, 3}).before == 3);
  CHECK(find_rtu_frame(Frame{17, 3, 4}).before == 0);
}
