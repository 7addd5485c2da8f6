#include "server/http/static_files.h"

#include "common/log.h"
#include "common/sha256.h"
#include "server/http/content_coding.h"
#include "server/http/gzip.h"
#include "server/http/header_text.h"

#include <filesystem>
#include <fstream>
#include <iterator>

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

// Whether a header that lists tags (W/"1", "2") has this one.
bool lists_tag(std::string_view list, std::string_view tag) {
  while (!list.empty()) {
    std::string_view item = take_item(list);
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == tag) return true;
  }
  return false;
}

}  // namespace

StaticFiles::StaticFiles(const std::string& folder) {
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const auto type = content_types.find(entry.path().extension().string());
      if (!entry.is_regular_file() || type == content_types.end() || entry.file_size() > most_file_bytes) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
      File file;
      file.content = std::move(content);
      file.type = type->second;
      file.etag = sha256_hex(file.content).substr(0, 20);
      file.compressed = gzip(file.content, GzipLevel::file);
      file.gains = file.compressed.size() <= file.content.size() * 9 / 10;
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
  const ContentCoding coding = coding_for(request);
  const bool compress = coding.gzip && (file.gains || !coding.plain_too);
  // The two are different bytes, and so have different names.
  const std::string etag = compress ? '"' + file.etag + "-gz\"" : '"' + file.etag + '"';
  HttpResponse response;
  const bool hashed = request.path.starts_with(hashed_folder);
  response.headers = {{"Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache"},
                      {"ETag", etag},
                      {"Vary", "Accept-Encoding"},
                      {"Content-Security-Policy", content_security_policy},
                      {"Referrer-Policy", "no-referrer"}};
  const auto known = request.joined_fields("If-None-Match");
  if (known == "*" || lists_tag(known, etag)) {
    response.status = 304;
    return response;
  }
  response.content_type = file.type;
  response.body = compress ? file.compressed : file.content;
  if (compress) response.headers.emplace_back("Content-Encoding", "gzip");
  return response;
}

}  // namespace webmacs
