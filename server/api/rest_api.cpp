#include "server/api/rest_api.h"

#include "common/feed_messages.h"
#include "common/timestamp.h"
#include "server/net/credentials.h"

#include <charconv>

namespace webmacs {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t default_page_size = 25;
constexpr std::size_t largest_page_size = 100;

HttpResponse not_cached(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  response.headers = {{"Cache-Control", "no-store"}};
  return response;
}

// A whole number of at least 1; empty when the parameter is something else.
std::optional<std::size_t> page_parameter(const HttpRequest& request, const std::string& name, std::size_t fallback) {
  const auto text = request.parameter(name);
  if (text.empty()) return fallback;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

// {"page","page_size","total","data"} of already encoded items.
HttpResponse list(const HttpRequest& request, const std::vector<std::string>& items) {
  const auto page = page_parameter(request, "page", 1);
  if (!page) return problem(422, "page: must be a whole number of at least 1");
  const auto size = page_parameter(request, "page_size", default_page_size);
  if (!size || *size > largest_page_size) return problem(422, "page_size: must be 1 to 100");
  std::string body = "{\"page\":" + std::to_string(*page) + ",\"page_size\":" + std::to_string(*size) +
                     ",\"total\":" + std::to_string(items.size()) + ",\"data\":[";
  const bool beyond = *page - 1 > items.size() / *size;
  const std::size_t first = beyond ? items.size() : (*page - 1) * *size;
  for (std::size_t i = first; i < items.size() && i < first + *size; ++i) {
    if (i > first) body += ',';
    body += items[i];
  }
  return not_cached(body + "]}");
}

}  // namespace

const std::vector<RestApi::Route>& RestApi::routes() {
  static const std::vector<Route> routes = {
      {"/health", std::nullopt, &RestApi::health},
      {"/metrics", std::nullopt, &RestApi::metrics},
      {"/api/v1/datapoints/latest", Right::read, &RestApi::latest},
      {"/api/v1/events", Right::read, &RestApi::events},
      {"/api/v1/controllers", Right::read, &RestApi::controllers},
  };
  return routes;
}

HttpResponse RestApi::handle(const HttpRequest& request) const {
  const bool reads = request.header.method() == http::verb::get || request.header.method() == http::verb::head;
  for (const auto& route : routes()) {
    if (route.path != request.path) continue;
    if (!reads) {
      auto response = problem(405, "only GET and HEAD are allowed here");
      response.headers = {{"Allow", "GET, HEAD"}};
      return response;
    }
    if (route.right) {
      const auto verdict = sources_.access.check(presented_token(request), *route.right, utc_now());
      if (const auto* denial = std::get_if<Denial>(&verdict)) return denied(request, *denial);
    }
    return (this->*route.handler)(request);
  }
  if (reads) {
    if (auto file = sources_.dashboard.find(request.path)) return std::move(*file);
  }
  return problem(404, "there is nothing at this path");
}

HttpResponse RestApi::denied(const HttpRequest& request, Denial denial) const {
  if (denial == Denial::not_allowed) return problem(403, to_text(denial));
  if (denial == Denial::invalid || denial == Denial::revoked) {
    const auto wait = sources_.failed_logins.failed(request.client, std::chrono::steady_clock::now());
    if (wait.count() > 0) {
      auto response = problem(429, "too many failed logins from this address");
      response.headers = {{"Retry-After", std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count())}};
      return response;
    }
  }
  auto response = problem(401, to_text(denial));
  response.headers = {{"WWW-Authenticate", "Bearer"}};
  return response;
}

HttpResponse RestApi::metrics(const HttpRequest& request) const {
  if (!sources_.metrics.may_see(request)) {
    return problem(403, "only direct requests from this machine see the metrics, unless metrics_public is set");
  }
  auto response = not_cached(sources_.metrics.text());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

HttpResponse RestApi::health(const HttpRequest&) const {
  const bool healthy = sources_.ingest.healthy();
  const auto newest = sources_.feed.latest().newest(utc_now());
  const auto uptime = std::chrono::steady_clock::now() - started_;
  std::string body = healthy ? R"({"status":"ok")" : R"({"status":"degraded")";
  body += ",\"version\":";
  append_json_string(body, WEBMACS_VERSION);
  body += healthy ? R"(,"database":"ok")" : R"(,"database":"error")";
  body += ",\"last_datapoint\":" + (newest ? '"' + format_timestamp(*newest) + '"' : std::string("null"));
  body += ",\"uptime_seconds\":" + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(uptime).count());
  body += '}';
  auto response = not_cached(std::move(body));
  if (!healthy) response.status = 503;
  return response;
}

HttpResponse RestApi::latest(const HttpRequest&) const {
  return not_cached('[' + sources_.feed.latest().encode(EventFilter(), utc_now()) + ']');
}

HttpResponse RestApi::events(const HttpRequest& request) const {
  std::vector<std::string> items;
  for (const auto& [id, event] : sources_.events.all()) {
    items.push_back(encode_event(event.description, event.controller));
  }
  return list(request, items);
}

HttpResponse RestApi::controllers(const HttpRequest&) const {
  std::string body;
  for (const auto& state : sources_.controllers.all()) {
    if (!body.empty()) body += ',';
    body += encode_controller(state);
  }
  return not_cached('[' + body + ']');
}

}  // namespace webmacs
