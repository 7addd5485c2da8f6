// How the hub is, and what it can: health, metrics, controllers, the description of all this.

#include "common/message_json.h"
#include "common/timestamp.h"
#include "server/api/metrics.h"
#include "server/api/openapi.h"
#include "server/api/rest_routes.h"
#include "server/catalog/controller_registry.h"
#include "server/catalog/warnings.h"
#include "server/ingest/ingest.h"
#include "server/store/growth.h"
#include "server/store/store_damage.h"
#include "server/stream/live_feed.h"

namespace webmacs {
namespace {

// What somebody should look at, though the hub stores what comes.
std::vector<std::string> hub_warnings(const RestServices& services) {
  const RetentionCounters& record = services.ingest.housekeeping().counters();
  std::vector<std::string> warnings;
  if (record.too_large) {
    warnings.emplace_back(
        "max_size cannot be held: experiments fill the store (or what lost them within the grace), and their "
        "datapoints "
        "stay");
  }
  if (auto text = disk_warning(record.fill.room, record.fill.days_until_full); !text.empty()) {
    warnings.push_back(std::move(text));
  }
  if (const std::string reason = services.damage.first_reason(); !reason.empty()) {
    warnings.push_back(
        "the store is damaged: " + std::to_string(services.damage.count()) +
        " reads or writes have failed since the hub started; restore a backup. The hub's log says where");
  }
  return warnings;
}

HttpResponse health(const RestServices& services, std::chrono::steady_clock::time_point started) {
  const bool healthy = services.ingest.healthy();
  const auto newest = services.feed.latest().newest(utc_now());
  const auto uptime = std::chrono::steady_clock::now() - started;
  Json body;
  body["status"] = healthy ? "ok" : "degraded";
  body["version"] = WEBMACS_VERSION;
  body["database"] = healthy ? "ok" : "error";
  body["last_datapoint"] = nullptr;
  if (newest) body["last_datapoint"] = format_timestamp(*newest);
  body["uptime_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(uptime).count();
  std::vector<std::string> warnings = hub_warnings(services);
  for (const auto& [cause, text] : services.warnings.all()) warnings.push_back(text);
  if (!warnings.empty()) body["warning"] = warnings.front();
  body["warnings"] = std::move(warnings);
  return json_response(json_text(body), healthy ? 200 : 503);
}

}  // namespace

void add_status_routes(RestRouter& router, const RestServices& services) {
  using Verb = RestRouter::Verb;
  router.add(Verb::get, "/health", std::nullopt,
             [&services, started = std::chrono::steady_clock::now()](const RestCallPtr& call) {
               call->answer(health(services, started));
             });
  router.add(Verb::get, "/metrics", std::nullopt, [&services](const RestCallPtr& call) {
    if (!services.metrics.may_see(call->request)) {
      throw RestProblem(403, "only direct requests from this machine see the metrics, unless metrics_public is set");
    }
    auto response = json_response(services.metrics.text());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    call->answer(std::move(response));
  });
  router.add(Verb::get, "/api/v1/openapi.json", std::nullopt,
             [](const RestCallPtr& call) { call->answer(json_response(openapi_document())); });
  router.add(Verb::get, "/api/v1/controllers", Right::read, [&services](const RestCallPtr& call) {
    Json body = Json::array();
    for (const auto& state : services.controllers.all()) body.push_back(controller_json(state));
    call->answer(json_response(json_text(body)));
  });
}

}  // namespace webmacs
