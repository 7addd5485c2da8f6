#pragma once
// The REST routes (contract, "REST"), answered from what the network thread has in memory. Network thread only.

#include "server/api/access.h"
#include "server/api/failed_logins.h"
#include "server/api/metrics.h"
#include "server/api/static_files.h"
#include "server/net/http_message.h"
#include "server/store/ingest.h"
#include "server/stream/controller_registry.h"
#include "server/stream/event_catalog.h"
#include "server/stream/live_feed.h"

#include <chrono>

namespace webmacs {

class RestApi {
 public:
  // All of it outlives the API.
  struct Sources {
    const Access& access;
    FailedLogins& failed_logins;
    const Ingest& ingest;
    LiveFeed& feed;
    const EventCatalog& events;
    const ControllerRegistry& controllers;
    const StaticFiles& dashboard;
    const Metrics& metrics;
  };
  explicit RestApi(Sources sources) : sources_(sources) {}

  HttpResponse handle(const HttpRequest& request) const;

 private:
  using Handler = HttpResponse (RestApi::*)(const HttpRequest&) const;
  struct Route {
    std::string_view path;
    std::optional<Right> right;  // empty: open to all
    Handler handler;
  };
  static const std::vector<Route>& routes();

  HttpResponse denied(const HttpRequest& request, Denial denial) const;
  HttpResponse metrics(const HttpRequest& request) const;
  HttpResponse health(const HttpRequest& request) const;
  HttpResponse latest(const HttpRequest& request) const;
  HttpResponse events(const HttpRequest& request) const;
  HttpResponse controllers(const HttpRequest& request) const;

  Sources sources_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace webmacs
