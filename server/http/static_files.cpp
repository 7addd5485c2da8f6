#include "server/http/static_files.h"

#include "common/log.h"
#include "common/sha256.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <zlib.h>

namespace webmacs {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t most_file_bytes = 8 * 1024 * 1024;

// Only these are served: a folder may hold sources and notes beside them.
const std::map<std::string, std::string> content_types = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".json", "application/json"},
    {".woff2", "font/woff2"},
};

// Scripts and connections of this host only: a page that is tricked has nobody to talk to.
constexpr const char* content_security_policy =
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

// What lies there has its content's hash in its name.
constexpr const char* hashed_folder = "/assets/";

// As RFC 1952 has it; empty when it fails.
std::string gzip(const std::string& content) {
  constexpr int window_bits_of_gzip = 15 + 16;
  constexpr int usual_memory = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits_of_gzip, usual_memory, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return {};
  }
  std::string compressed(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  compressed.resize(done ? stream.total_out : 0);
  deflateEnd(&stream);
  return compressed;
}

}  // namespace

StaticFiles::StaticFiles(const std::string& folder) {
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const auto type = content_types.find(entry.path().extension().string());
      if (!entry.is_regular_file() || type == content_types.end() || entry.file_size() > most_file_bytes) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
      File file{std::move(content), type->second, {}, {}};
      file.etag = sha256_hex(file.content).substr(0, 20);
      file.compressed = gzip(file.content);
      if (file.compressed.size() > file.content.size() * 9 / 10) file.compressed.clear();
      files_["/" + fs::relative(entry.path(), folder).generic_string()] = std::move(file);
    }
  } catch (const fs::filesystem_error& error) {
    log_warning("the dashboard cannot be read from {}: {}; everything else works", folder, error.code().message());
  }
  if (!files_.contains("/index.html")) log_warning("no dashboard in {}: / answers 404", folder);
}

std::optional<HttpResponse> StaticFiles::find(const HttpRequest& request) const {
  const auto found = files_.find(request.path == "/" ? "/index.html" : request.path);
  if (found == files_.end()) return std::nullopt;
  const File& file = found->second;
  namespace http = boost::beast::http;
  const bool compress = !file.compressed.empty() && lists_word(request.field(http::field::accept_encoding), "gzip");
  // The two are different bytes, and so have different names.
  const std::string etag = compress ? '"' + file.etag + "-gz\"" : '"' + file.etag + '"';
  HttpResponse response;
  const bool hashed = request.path.starts_with(hashed_folder);
  response.headers = {{"Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache"},
                      {"ETag", etag},
                      {"Vary", "Accept-Encoding"},
                      {"Content-Security-Policy", content_security_policy},
                      {"Referrer-Policy", "no-referrer"}};
  const auto known = request.field(http::field::if_none_match);
  if (known == "*" || lists_word(known, etag) || lists_word(known, "W/" + etag)) {
    response.status = 304;
    return response;
  }
  response.content_type = file.type;
  response.body = compress ? file.compressed : file.content;
  if (compress) response.headers.emplace_back("Content-Encoding", "gzip");
  return response;
}

}  // namespace webmacs
