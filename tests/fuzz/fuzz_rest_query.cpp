// The path and the query of a REST request: which route it finds, and what pages, limits, times and cursors come out.
// Each is within its bounds or refused by its name; a page is JSON whatever was asked.

#include "common/timestamp.h"
#include "common/utf8.h"
#include "property.h"
#include "server/api/list_page.h"
#include "server/api/rest_call.h"
#include "server/api/rest_router.h"
#include "server/store/datapoint_id.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

using namespace webmacs;

namespace {

constexpr std::size_t item_count = 30;

RestRouter make_router() {
  using Verb = RestRouter::Verb;
  RestRouter router;
  for (const char* path :
       {"/health", "/api/v1/datapoints/latest", "/api/v1/datapoints", "/api/v1/datapoints/{public_id}",
        "/api/v1/experiments/{public_id}/annotations/{annotation_public_id}"}) {
    router.add(Verb::get, path, std::nullopt, [](const RestCallPtr&) {});
  }
  return router;
}

template <typename Read>
void check_parameter(const std::string& name, Read read) {
  try {
    read();
  } catch (const RestProblem& problem) {
    WEBMACS_PROPERTY(problem.status() == 422);
    WEBMACS_PROPERTY(std::string_view(problem.what()).rfind(name + ": ", 0) == 0);
  }
}

void check_page(const HttpRequest& request) {
  try {
    ListPage listed(request, item_count);
    for (std::size_t i = listed.begin(); i < listed.end(); ++i) listed.add("{}");
    const auto response = std::move(listed).answer();
    const auto body = nlohmann::json::parse(response.body);
    const auto page = body.at("page").get<std::size_t>();
    const auto size = body.at("page_size").get<std::size_t>();
    const std::size_t before = std::min((page - 1) * size, item_count);
    WEBMACS_PROPERTY(page >= 1 && size >= 1 && size <= 100 && body.at("total") == item_count);
    WEBMACS_PROPERTY(body.at("data").size() == std::min(size, item_count - before));
  } catch (const RestProblem& problem) {
    WEBMACS_PROPERTY(problem.status() == 422);
  }
}

void check_route(const HttpRequest& request) {
  static const RestRouter router = make_router();
  const auto match = router.find(RestRouter::Verb::get, request.path);
  WEBMACS_PROPERTY(match.route != nullptr || match.ids.empty());
  if (match.route == nullptr) return;
  WEBMACS_PROPERTY(std::count(request.path.begin(), request.path.end(), '/') ==
                   std::count(match.route->path.begin(), match.route->path.end(), '/'));
  WEBMACS_PROPERTY(match.ids.size() ==
                   static_cast<std::size_t>(std::count(match.route->path.begin(), match.route->path.end(), '{')));
  for (const std::string& id : match.ids) WEBMACS_PROPERTY(!id.empty() && id.find('/') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view target(reinterpret_cast<const char*>(data), size);
  HttpRequest request{{}, {}, {}};
  parse_target(target, request.path, request.query);
  check_route(request);
  check_page(request);
  for (const auto& [name, value] : request.query) {
    if (name.find('\0') != std::string::npos) continue;  // no parameter's name; a message would end there
    check_parameter(name, [&, &key = name] {
      const auto number = number_parameter(request, key, 1000, 10000);
      WEBMACS_PROPERTY(number >= 1 && number <= 10000);
    });
    check_parameter(name, [&, &key = name] {
      const auto time = time_parameter(request, key);
      WEBMACS_PROPERTY(time && valid_timestamp(*time));
    });
    if (const auto key = parse_datapoint_public_id(value)) {
      WEBMACS_PROPERTY(key->event_key > 0 && valid_timestamp(key->time));
      WEBMACS_PROPERTY(datapoint_public_id(key->event_key, key->time) == value);
    }
    // Whatever was asked, an answer that quotes it is a text.
    WEBMACS_PROPERTY(valid_utf8(problem(404, value).body));
  }
  return 0;
}
