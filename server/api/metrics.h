#pragma once
// GET /metrics: what the hub counts, as Prometheus reads it. Everything is counted where it happens, in plain integers;
// here it gets its name. Network thread only.

#include "server/http/http_message.h"
#include "server/ingest/ingest.h"

#include <optional>
#include <string>

namespace webmacs {

struct ReadingCounters;
class AnswerBudget;
class ControllerRegistry;
class FailedLogins;
class Listener;
class LiveFeed;
class SessionSet;
class StoreDamage;

class Metrics {
 public:
  // All of it outlives the metrics, and exists before the first question.
  struct Sources {
    const bool& is_public;
    Ingest& ingest;
    const ReadingCounters& readings;
    const LiveFeed& feed;
    SessionSet& sessions;
    const ControllerRegistry& controllers;
    const FailedLogins& failed_logins;
    const Listener& listener;
    const std::optional<Timestamp>& certificate_end;
    const AnswerBudget& answers;
    const StoreDamage& damage;
  };
  explicit Metrics(Sources sources) : sources_(sources) {}

  // Whoever asks from this machine directly, without a proxy in between; everybody when they are public.
  bool may_see(const HttpRequest& request) const;
  // The text exposition format, version 0.0.4.
  std::string text() const;

 private:
  Sources sources_;
};

}  // namespace webmacs
