// Whatever bytes come, a reply is good only when it is, byte for byte, the frame that the request asked for; and a
// reply that is cut anywhere is never good.

#include "hardware/modbus_frame.h"
#include "property.h"

#include <vector>

using namespace webmacs;

namespace {

using Verdict = ReplyCheck::Verdict;

constexpr std::uint16_t transaction = 0x0102;

bool is_bits(const ReadRequest& request) {
  return request.kind == RegisterKind::coil || request.kind == RegisterKind::discrete;
}

// The first bytes choose the request, the rest is what the device said.
ReadRequest request_of(const std::uint8_t* data) {
  ReadRequest request;
  request.unit = data[0];
  request.kind = static_cast<RegisterKind>(data[1] % 4);
  request.address = data[2];
  request.count = 1 + data[3] % (is_bits(request) ? 200 : 125);
  return request;
}

void check_tcp(const ReadRequest& request, const std::uint8_t* bytes, std::size_t size) {
  const ReplyCheck reply = check_tcp_reply(request, transaction, bytes, size);
  const std::size_t data =
      is_bits(request) ? static_cast<std::size_t>(request.count + 7) / 8 : static_cast<std::size_t>(2 * request.count);
  if (reply.verdict == Verdict::exception) {
    WEBMACS_PROPERTY(size == 9 && bytes[5] == 3 && bytes[6] == request.unit);
    WEBMACS_PROPERTY(bytes[7] == (read_function(request.kind) | 0x80) && bytes[8] == reply.exception);
  }
  if (reply.verdict != Verdict::good) return;
  WEBMACS_PROPERTY(size == 9 + data);
  WEBMACS_PROPERTY(bytes[0] == 1 && bytes[1] == 2 && bytes[2] == 0 && bytes[3] == 0);
  WEBMACS_PROPERTY(static_cast<std::size_t>(bytes[4] << 8 | bytes[5]) == 3 + data);
  WEBMACS_PROPERTY(bytes[6] == request.unit && bytes[7] == read_function(request.kind) && bytes[8] == data);
  WEBMACS_PROPERTY(reply.data == bytes + 9);
  std::vector<std::uint16_t> words(static_cast<std::size_t>(request.count));
  unpack_reply(request, reply.data, words.data());
  for (std::size_t cut = 0; cut < size; ++cut) {
    WEBMACS_PROPERTY(check_tcp_reply(request, transaction, bytes, cut).verdict == Verdict::incomplete);
  }
}

void check_rtu(const ReadRequest& request, const std::uint8_t* bytes, std::size_t size) {
  const ReplyCheck reply = check_rtu_reply(request, bytes, size);
  if (reply.verdict != Verdict::good && reply.verdict != Verdict::exception) return;
  WEBMACS_PROPERTY(size >= 5);
  // A frame followed by its own checksum has the checksum zero.
  WEBMACS_PROPERTY(bytes[0] == request.unit && rtu_crc(bytes, size) == 0);
  for (std::size_t cut = 0; cut < size; ++cut) {
    WEBMACS_PROPERTY(check_rtu_reply(request, bytes, cut).verdict == Verdict::incomplete);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const ReadRequest request = request_of(data);
  // In memory of its exact size, so that a sanitizer sees a read beyond it.
  const std::vector<std::uint8_t> bytes(data + 4, data + size);
  check_tcp(request, bytes.data(), bytes.size());
  check_rtu(request, bytes.data(), bytes.size());
  return 0;
}
