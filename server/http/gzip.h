#pragma once
// The gzip format (RFC 1952), whole or piece by piece.

#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace webmacs {

// From 1, the fastest, to 9, the smallest. Of the readings of a rig as JSON 4 makes a tenth, at 200 MB/s; 9 a little
// less, at a quarter of the speed.
enum class GzipLevel { answer = 4, file = 9 };

// One thread at a time; takes a quarter of a megabyte.
class GzipWriter {
 public:
  explicit GzipWriter(GzipLevel level);

  // Appends what `bytes` become to `out`. Whoever reads has them all then, without what comes later.
  void add(std::string_view bytes, std::string& out);
  // The same with the last ones, and the end of the format behind them.
  void finish(std::string_view bytes, std::string& out);

 private:
  void write(std::string_view bytes, int flush, std::string& out);

  struct End {
    void operator()(z_stream_s* stream) const;
  };
  std::unique_ptr<z_stream_s, End> stream_;
};

std::string gzip(std::string_view content, GzipLevel level);

}  // namespace webmacs
