#include "common/websocket/plain_text_frame.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace webmacs {
namespace {

constexpr std::size_t word = sizeof(std::uint64_t);

// `position` of the first byte in the payload says where in the mask it lies.
void unmask(char* bytes, std::size_t size, const std::array<char, 4>& mask, std::size_t position) {
  std::array<char, word> turned;
  for (std::size_t i = 0; i < word; ++i) turned[i] = mask[(position + i) % mask.size()];
  std::uint64_t key = 0;
  std::memcpy(&key, turned.data(), word);
  std::size_t i = 0;
  for (; i + word <= size; i += word) {
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, bytes + i, word);
    chunk ^= key;
    std::memcpy(bytes + i, &chunk, word);
  }
  for (; i < size; ++i) bytes[i] = static_cast<char>(bytes[i] ^ turned[i % word]);
}

}  // namespace

std::size_t PlainTextFrame::begin(std::string_view bytes) {
  constexpr std::size_t shortest_header = 6;
  constexpr unsigned masked = 0x80;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() < shortest_header || bytes[0] != '\x81' || (byte(1) & masked) == 0) return 0;  // FIN, text
  std::size_t size = byte(1) & 0x7FU;
  std::size_t header = shortest_header;
  if (size == 127) return 0;
  if (size == 126) {
    header += 2;
    if (bytes.size() < header) return 0;
    size = byte(2) * 256U + byte(3);
    if (size < 126) return 0;  // not the shortest way to say it
  }
  if (size > max_message_bytes_) return 0;
  reading_ = true;
  size_ = size;
  bytes.copy(mask_.data(), mask_.size(), header - mask_.size());
  text_.reserve(std::min(size, bytes.size()));  // a header that promises more costs nothing yet
  return header;
}

std::size_t PlainTextFrame::feed(std::string_view bytes) {
  const std::size_t position = text_.size();
  const std::size_t used = std::min(bytes.size(), size_ - position);
  text_.append(bytes.substr(0, used));
  unmask(text_.data() + position, used, mask_, position);
  return used;
}

std::string PlainTextFrame::take() {
  reading_ = false;
  std::string text;
  text.swap(text_);
  return text;
}

}  // namespace webmacs
