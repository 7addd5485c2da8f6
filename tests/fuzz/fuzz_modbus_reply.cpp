// Whatever bytes come, over TCP or a serial line, in one piece or in several: a value is only taken from a frame with
// the right unit, function and count, and on a serial line the right checksum; and a frame that is cut anywhere is
// none.

#include "hardware/modbus_frame.h"
#include "property.h"

#include <algorithm>
#include <vector>

using namespace webmacs;

namespace {

using Verdict = ReplyCheck::Verdict;

// The first bytes choose the request, the rest is what came.
ReadRequest request_of(const std::uint8_t* data) {
  ReadRequest request;
  request.unit = data[0];
  request.kind = static_cast<RegisterKind>(data[1] % 4);
  request.address = data[2];
  request.count = 1 + data[3] % (is_bits(request.kind) ? 200 : 125);
  return request;
}

// What check_reply() lets pass is, byte for byte, what was asked for.
void check_body(const ReadRequest& request, ByteView body) {
  const ReplyCheck reply = check_reply(request, body);
  if (reply.verdict == Verdict::exception) {
    WEBMACS_PROPERTY(body.size() == 3 && body[0] == request.unit);
    WEBMACS_PROPERTY(body[1] == (read_function(request.kind) | 0x80) && body[2] == reply.exception && body[2] != 0);
  }
  if (reply.verdict == Verdict::bad) WEBMACS_PROPERTY(reply.flaw != Flaw::none);
  if (reply.verdict != Verdict::good) return;
  const std::size_t data = is_bits(request.kind) ? static_cast<std::size_t>(request.count + 7) / 8
                                                 : static_cast<std::size_t>(2 * request.count);
  WEBMACS_PROPERTY(body.size() == 3 + data);
  WEBMACS_PROPERTY(body[0] == request.unit && body[1] == read_function(request.kind) && body[2] == data);
  WEBMACS_PROPERTY(reply.data.data() == body.data() + 3 && reply.data.size() == data);
  std::vector<std::uint16_t> words(static_cast<std::size_t>(request.count));
  unpack_reply(request, reply.data, words.data());
}

void check_tcp(const ReadRequest& request, const std::vector<std::uint8_t>& bytes) {
  const TcpFrame frame = first_tcp_frame(bytes);
  if (frame.state != TcpFrame::State::whole) return;
  WEBMACS_PROPERTY(frame.size <= bytes.size() && frame.size <= longest_tcp_frame);
  WEBMACS_PROPERTY(bytes[2] == 0 && bytes[3] == 0);
  WEBMACS_PROPERTY(static_cast<std::size_t>(bytes[4] << 8 | bytes[5]) == frame.body.size());
  WEBMACS_PROPERTY(frame.body.data() == bytes.data() + 6 && frame.size == 6 + frame.body.size());
  check_body(request, frame.body);
  for (std::size_t cut = 0; cut < frame.size; ++cut) {
    const std::vector<std::uint8_t> part(bytes.begin(), bytes.begin() + static_cast<long>(cut));
    WEBMACS_PROPERTY(first_tcp_frame(part).state == TcpFrame::State::incomplete);
  }
}

void check_rtu(const ReadRequest& request, const std::vector<std::uint8_t>& bytes) {
  const RtuFrame frame = find_rtu_frame(bytes);
  WEBMACS_PROPERTY(frame.before + frame.size <= bytes.size());
  if (frame.found) {
    WEBMACS_PROPERTY(frame.body.data() == bytes.data() + frame.before && frame.size == frame.body.size() + 2);
    // A frame followed by its own checksum has the checksum zero.
    WEBMACS_PROPERTY(rtu_crc(frame.body.data(), frame.size) == 0);
    check_body(request, frame.body);
    // Without its last byte it is none any more; one that lies inside of it may be.
    const RtuFrame cut = find_rtu_frame(ByteView(bytes).first(frame.before + frame.size - 1));
    WEBMACS_PROPERTY(!cut.found || cut.before != frame.before);
  } else {
    // What was given up could not have become a frame, whatever had followed: the reply behind it is still found.
    WEBMACS_PROPERTY(frame.size == 0);
  }
}

// The right reply behind these bytes is found, or a correct frame before it is.
void check_found_behind(const ReadRequest& request, std::vector<std::uint8_t> bytes) {
  std::vector<std::uint8_t> reply = {static_cast<std::uint8_t>(request.unit), read_function(request.kind),
                                     static_cast<std::uint8_t>(data_bytes(request))};
  reply.resize(3 + data_bytes(request), 0x5A);
  const std::uint16_t crc = rtu_crc(reply.data(), reply.size());
  reply.push_back(static_cast<std::uint8_t>(crc));
  reply.push_back(static_cast<std::uint8_t>(crc >> 8));
  bytes.insert(bytes.end(), reply.begin(), reply.end());
  WEBMACS_PROPERTY(find_rtu_frame(bytes).found);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const ReadRequest request = request_of(data);
  // In memory of its exact size, so that a sanitizer sees a read beyond it.
  const std::vector<std::uint8_t> bytes(data + 4, data + size);
  check_tcp(request, bytes);
  check_rtu(request, bytes);
  check_found_behind(request, bytes);
  return 0;
}
