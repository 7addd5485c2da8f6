#include "server/http/http_message.h"

#include "common/messages.h"

#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <charconv>
#include <ctime>
#include <sstream>

namespace webmacs {
namespace {

namespace http = boost::beast::http;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// RFC 9110, section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

HttpResponse problem(unsigned status, std::string_view detail) {
  const auto title = http::obsolete_reason(http::int_to_status(status));
  HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = R"({"type":"about:blank","title":)";
  append_json_string(response.body, {title.data(), title.size()});
  response.body += ",\"status\":" + std::to_string(status) + ",\"detail\":";
  append_json_string(response.body, detail);
  response.body += '}';
  return response;
}

std::string serialize(const HttpResponse& response, bool keep_alive, bool head_only) {
  http::response<http::string_body> message;
  message.version(11);
  message.result(response.status);
  const bool streamed = response.end != BodyEnd::length;
  const bool has_content = response.status != 204 && response.status != 304;
  if (!response.body.empty() || streamed) message.set(http::field::content_type, response.content_type);
  message.set("X-Content-Type-Options", "nosniff");
  message.set(http::field::date, http_date());
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.keep_alive(keep_alive);
  if (response.end == BodyEnd::last_chunk) message.chunked(true);
  if (has_content && !streamed) message.content_length(response.body.size());
  if (!head_only) message.body() = response.body;
  std::ostringstream out;
  if (head_only || streamed) {
    out << message.base();
  } else {
    out << message;
  }
  return out.str();
}

std::string chunk(std::string_view bytes) {
  if (bytes.empty()) return {};
  char size[16];
  std::string out(size, std::to_chars(size, size + sizeof size, bytes.size(), 16).ptr);
  out.reserve(out.size() + bytes.size() + 4);
  return out.append("\r\n").append(bytes).append("\r\n");
}

bool lists_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    auto item = list.substr(0, comma);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    // Of "gzip;q=0.5" only "gzip"; "gzip;q=0" refuses it.
    const auto quality = item.find(';');
    const auto name = item.substr(0, quality);
    const bool refused = quality != std::string_view::npos && item.find("q=0", quality) != std::string_view::npos &&
                         item.find_first_of("123456789", quality) == std::string_view::npos;
    if (name == word && !refused) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

void parse_target(std::string_view target, std::string& path, std::map<std::string, std::string>& query) {
  const auto mark = target.find('?');
  path = percent_decode(target.substr(0, mark), false);
  if (mark == std::string_view::npos) return;
  auto rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const auto item = rest.substr(0, end);
    const auto equals = item.find('=');
    const auto value = equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1);
    if (!item.empty()) query.try_emplace(percent_decode(item.substr(0, equals), true), percent_decode(value, true));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace webmacs
