#include "server/http/http_message.h"

#include "common/hex.h"
#include "common/json_text.h"

#include <boost/beast/http/status.hpp>

namespace webmacs {
namespace {

namespace http = boost::beast::http;

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit_value(text[i + 1]) >= 0 &&
        hex_digit_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit_value(text[i + 1]) * 16 + hex_digit_value(text[i + 2]));
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
  response.body = json_text({{"type", "about:blank"},
                             {"title", std::string_view(title.data(), title.size())},
                             {"status", status},
                             {"detail", detail}});
  return response;
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
