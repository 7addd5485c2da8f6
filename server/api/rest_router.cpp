#include "server/api/rest_router.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace webmacs {
namespace {

namespace http = boost::beast::http;

std::string_view take_segment(std::string_view& path) {
  const std::size_t end = std::min(path.find('/', 1), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& ids) {
  ids.clear();
  while (!pattern.empty() && !path.empty()) {
    const std::string_view expected = take_segment(pattern);
    const std::string_view segment = take_segment(path);
    if (expected.size() > 1 && expected[1] == '{') {
      if (segment.size() < 2) return false;
      ids.emplace_back(segment.substr(1));
    } else if (expected != segment) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

}  // namespace

void RestRouter::add(Verb method, std::string path, std::optional<Right> right,
                     std::function<void(const RestCallPtr&)> handler) {
  routes_.push_back({method, std::move(path), right, std::move(handler)});
}

RestRouter::Match RestRouter::find(Verb method, std::string_view path) const {
  const Verb wanted = method == Verb::head ? Verb::get : method;
  Match match;
  std::vector<std::string> ids;
  std::vector<std::string> allowed;
  for (const RestRoute& route : routes_) {
    if (!matches(route.path, path, ids)) continue;
    if (route.method == wanted && match.route == nullptr) {
      match.route = &route;
      match.ids = ids;
    }
    const auto name = http::to_string(route.method);
    std::string word(name.data(), name.size());
    // Two routes of one path: /latest and /{public_id}.
    if (std::find(allowed.begin(), allowed.end(), word) != allowed.end()) continue;
    allowed.push_back(std::move(word));
    if (route.method == Verb::get) allowed.emplace_back("HEAD");
  }
  match.allowed = fmt::format("{}", fmt::join(allowed, ", "));
  return match;
}

}  // namespace webmacs
