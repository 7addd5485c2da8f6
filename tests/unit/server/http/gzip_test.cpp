#include "server/http/gzip.h"

#include "unit/random_seed.h"

#include <doctest/doctest.h>

#include <random>
#include <zlib.h>

using namespace webmacs;

namespace {

// What a reader has of this; `ended`: whether the format's end was there, which has the checksum.
std::string unpacked(const std::string& packed, bool& ended) {
  constexpr int window_bits_of_gzip = 15 + 16;
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, window_bits_of_gzip) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  int result = Z_OK;
  do {
    char room[4096];
    stream.next_out = reinterpret_cast<Bytef*>(room);
    stream.avail_out = sizeof room;
    result = inflate(&stream, Z_NO_FLUSH);
    out.append(room, sizeof room - stream.avail_out);
  } while (result == Z_OK);
  ended = result == Z_STREAM_END;
  if (ended) CHECK(stream.avail_in == 0);
  inflateEnd(&stream);
  return out;
}

std::string noise(std::mt19937& chance, std::size_t bytes, int letters) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(chance() % static_cast<unsigned>(letters));
  return text;
}

}  // namespace

TEST_CASE("what was compressed as a whole comes back") {
  std::mt19937 chance(testing::random_seed());
  for (const std::size_t bytes : {0, 1, 63, 64, 65, 1000, 100'000}) {
    for (const int letters : {1, 4, 256}) {
      const std::string content = noise(chance, bytes, letters);
      bool ended = false;
      CHECK(unpacked(gzip(content, GzipLevel::answer), ended) == content);
      CHECK(ended);
    }
  }
}

TEST_CASE("whoever reads has each piece as soon as it was written, and knows whether it was the last") {
  std::mt19937 chance(testing::random_seed());
  GzipWriter writer(GzipLevel::answer);
  std::string content, packed;
  bool ended = false;
  for (int i = 0; i < 30; ++i) {
    const std::string piece = noise(chance, chance() % 20'000, i % 2 == 0 ? 4 : 256);
    const std::size_t before = packed.size();
    writer.add(piece, packed);
    content += piece;
    if (!piece.empty()) CHECK(packed.size() > before);
    CHECK(unpacked(packed, ended) == content);
    CHECK_FALSE(ended);
  }
  writer.finish("the end", packed);
  CHECK(unpacked(packed, ended) == content + "the end");
  CHECK(ended);
}
