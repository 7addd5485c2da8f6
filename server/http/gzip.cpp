#include "server/http/gzip.h"

#include <array>
#include <limits>
#include <new>
#include <zlib.h>

namespace webmacs {
namespace {

constexpr int window_bits_of_gzip = 15 + 16;
constexpr int usual_memory = 8;

}  // namespace

void GzipWriter::End::operator()(z_stream_s* stream) const {
  deflateEnd(stream);
  delete stream;
}

GzipWriter::GzipWriter(GzipLevel level) : stream_(new z_stream{}) {
  const int made = deflateInit2(stream_.get(), static_cast<int>(level), Z_DEFLATED, window_bits_of_gzip, usual_memory,
                                Z_DEFAULT_STRATEGY);
  if (made != Z_OK) throw std::bad_alloc();  // nothing else fails with these parameters
}

void GzipWriter::add(std::string_view bytes, std::string& out) {
  write(bytes, Z_SYNC_FLUSH, out);
}

void GzipWriter::finish(std::string_view bytes, std::string& out) {
  write(bytes, Z_FINISH, out);
}

// zlib counts in 32 bits: more than that goes in turns.
void GzipWriter::write(std::string_view bytes, int flush, std::string& out) {
  constexpr std::size_t most_in_a_turn = std::numeric_limits<uInt>::max() / 2;
  do {
    const std::string_view turn = bytes.substr(0, most_in_a_turn);
    bytes.remove_prefix(turn.size());
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(turn.data()));
    stream_->avail_in = static_cast<uInt>(turn.size());
    const int flush_now = bytes.empty() ? flush : Z_NO_FLUSH;
    do {
      std::array<char, 16 * 1024> room;
      stream_->next_out = reinterpret_cast<Bytef*>(room.data());
      stream_->avail_out = static_cast<uInt>(room.size());
      deflate(stream_.get(), flush_now);
      out.append(room.data(), room.size() - stream_->avail_out);
    } while (stream_->avail_out == 0);
  } while (!bytes.empty());
}

std::string gzip(std::string_view content, GzipLevel level) {
  std::string compressed;
  GzipWriter(level).finish(content, compressed);
  return compressed;
}

}  // namespace webmacs
