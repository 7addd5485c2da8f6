#include "server/http/content_coding.h"

#include "server/http/gzip.h"
#include "server/http/header_text.h"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <optional>

namespace webmacs {
namespace {

namespace beast = boost::beast;

constexpr std::size_t least_bytes = 1024;  // about what one packet takes with its headers

bool is_word(std::string_view text, std::string_view word) {
  return beast::iequals({text.data(), text.size()}, {word.data(), word.size()});
}

// Returns thousandths. "0", "1", "0.125", "1.000": one digit and up to three behind the point.
int weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  int thousandths = text[0] == '1' ? 1000 : 0;
  int digit_value = 100;
  for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (digit < '0' || digit > '9') return 0;
    thousandths += (digit - '0') * digit_value;
    digit_value /= 10;
  }
  return thousandths <= 1000 ? thousandths : 0;
}

}  // namespace

ContentCoding preferred_coding(std::string_view accept_encoding) {
  std::optional<int> gzip;
  std::optional<int> identity;
  std::optional<int> others;
  while (!accept_encoding.empty()) {
    const std::string_view item = take_item(accept_encoding);
    const auto semicolon = item.find(';');
    const std::string_view name = trimmed(item.substr(0, semicolon));
    int value = 1000;
    if (semicolon != std::string_view::npos) {
      const std::string_view parameter = trimmed(item.substr(semicolon + 1));
      value = parameter.size() > 2 && is_word(parameter.substr(0, 2), "q=") ? weight(parameter.substr(2)) : 0;
    }
    if (is_word(name, "gzip") || is_word(name, "x-gzip")) gzip = std::max(value, gzip.value_or(0));
    if (is_word(name, "identity")) identity = value;
    if (name == "*") others = value;
  }
  const int of_gzip = gzip.value_or(others.value_or(0));
  const int of_plain = identity.value_or(others.value_or(1));  // taken, though liked least, unless it is refused
  if (of_gzip == 0 || of_gzip < identity.value_or(0)) return {};
  return {.gzip = true, .plain_too = of_plain > 0};
}

ContentCoding coding_for(const HttpRequest& request) {
  return preferred_coding(request.joined_fields("Accept-Encoding"));
}

bool is_to_be_coded(const HttpResponse& response, ContentCoding coding) {
  if (!coding.gzip || response.end != BodyEnd::length || response.body.empty()) return false;
  if (coding.plain_too && response.body.size() < least_bytes) return false;
  return std::none_of(response.headers.begin(), response.headers.end(),
                      [](const auto& header) { return is_word(header.first, "Content-Encoding"); });
}

void encode_body(HttpResponse& response, ContentCoding coding) {
  if (!is_to_be_coded(response, coding)) return;
  response.body = gzip(response.body, GzipLevel::answer);
  response.headers.emplace_back("Content-Encoding", "gzip");
}

}  // namespace webmacs
