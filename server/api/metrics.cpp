#include "server/api/metrics.h"

#include "server/access/failed_logins.h"
#include "server/api/process_figures.h"
#include "server/catalog/controller_registry.h"
#include "server/http/answer_budget.h"
#include "server/http/listener.h"
#include "server/net/controller_session.h"
#include "server/net/session.h"
#include "server/store/store_damage.h"
#include "server/stream/live_feed.h"

#include <boost/asio/ip/address.hpp>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>

namespace webmacs {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Families = std::vector<MetricFamily>;
using Label = ClientMetric::Label;

MetricFamily& add(Families& families, const char* name, const char* help, MetricType type) {
  families.push_back({name, help, type, {}});
  return families.back();
}

template <typename Number>
void add_value(MetricFamily& family, Number value, std::vector<Label> labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = static_cast<double>(value);
  family.metric.push_back(std::move(metric));
}

template <typename Number>
void add_counter(Families& families, const char* name, const char* help, Number value) {
  add_value(add(families, name, help, MetricType::Counter), value);
}

template <typename Number>
void add_gauge(Families& families, const char* name, const char* help, Number value) {
  add_value(add(families, name, help, MetricType::Gauge), value);
}

void add_connections(Families& families, const Metrics::Sources& from) {
  std::map<Role, std::size_t> open;
  std::size_t queued = 0;
  for (const auto& session : from.sessions.all()) {
    ++open[session->identity().role];
    queued += session->queued_bytes();
  }
  auto& roles = add(families, "webmacs_connections", "WebSockets open, by the role of their token", MetricType::Gauge);
  for (const auto role : {Role::controller, Role::viewer, Role::operator_, Role::admin}) {
    add_value(roles, open[role], {{"role", std::string(to_text(role))}});
  }
  add_gauge(families, "webmacs_sockets", "TCP connections open, HTTP ones included", from.listener.places().taken());
  add_gauge(families, "webmacs_outbound_queue_bytes", "Bytes that wait in all clients' queues", queued);
  auto& refused = add(families, "webmacs_connections_refused_total", "Connections turned away", MetricType::Counter);
  add_value(refused, from.listener.places().refused(), {{"reason", "limit"}});
  add_value(refused, from.listener.turned_away(), {{"reason", "descriptors"}});
  add_counter(families, "webmacs_failed_logins_total", "Tokens that were wrong, expired or revoked",
              from.failed_logins.count());
  add_gauge(families, "webmacs_unread_answer_bytes", "Bytes of REST answers that wait in memory to be read",
            from.answers.waiting());
  add_counter(families, "webmacs_unread_answers_refused_total",
              "Requests refused since earlier answers of their token wait to be read", from.answers.refused());
  auto& closes =
      add(families, "webmacs_websocket_closes_total", "WebSockets that ended, by close code", MetricType::Counter);
  for (const auto& [code, count] : from.sessions.close_codes().all()) {
    add_value(closes, count, {{"code", code == 0 ? "other" : std::to_string(code)}});
  }
  const auto controllers = from.controllers.all();
  add_gauge(families, "webmacs_controllers_online", "Controllers with an open WebSocket",
            std::count_if(controllers.begin(), controllers.end(), [](const auto& state) { return state.online; }));
}

void add_readings(Families& families, const Metrics::Sources& from) {
  const auto& counters = from.ingest.counters();
  add_counter(families, "webmacs_readings_received_total", "Readings that came, sent again ones included",
              from.readings.received);
  add_counter(families, "webmacs_readings_stored_total", "Readings newly stored", counters.stored);
  add_counter(families, "webmacs_readings_duplicate_total", "Readings that were stored already", counters.duplicates);
  add_counter(families, "webmacs_readings_conflict_total", "Readings whose time is taken by another value",
              counters.conflicts);
  auto& rejected =
      add(families, "webmacs_readings_rejected_total", "Readings that can never be stored", MetricType::Counter);
  add_value(rejected, from.readings.invalid, {{"reason", "invalid"}});
  add_value(rejected, counters.foreign, {{"reason", "foreign_event"}});
  add_value(rejected, counters.damaged, {{"reason", "damaged"}});
  add_counter(families, "webmacs_store_refused_total", "Batches that found no room in the store's queue, or no store",
              counters.refused);
  add_gauge(families, "webmacs_store_queue_readings", "Readings that wait to be committed, or are being written",
            counters.queued_readings);
  add_gauge(families, "webmacs_store_up", "Whether the last transaction succeeded", from.ingest.healthy() ? 1 : 0);
  add_counter(families, "webmacs_store_failed_transactions_total", "Transactions that failed and are tried again",
              counters.failed_transactions);
  const auto& retention = from.ingest.housekeeping().counters();
  add_counter(families, "webmacs_retention_removed_total", "Datapoints that retention and max_size have removed",
              retention.removed);
  add_gauge(families, "webmacs_store_bytes", "The store's size as max_size counts it", retention.bytes);
  add_gauge(families, "webmacs_store_too_large", "Whether max_size cannot be held, since experiments fill the store",
            retention.too_large ? 1 : 0);

  const StoreFill& fill = retention.fill;
  if (fill.room.left) {
    add_gauge(families, "webmacs_store_left_bytes", "By how much the store may grow until its disk is full",
              *fill.room.left);
  }
  if (fill.days_until_full) {
    add_gauge(families, "webmacs_store_days_until_full",
              "When the store's disk is full at the present rate; absent where the store does not grow",
              *fill.days_until_full);
  }

  add_counter(families, "webmacs_store_damage_total", "Reads and writes that failed since the store is damaged there",
              from.damage.count());

  ClientMetric latency;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < CommitLatency::bounds.size(); ++i) {
    count += counters.latency.counts[i];
    latency.histogram.bucket.push_back({count, CommitLatency::bounds[i]});
  }
  latency.histogram.sample_count = count + counters.latency.counts.back();
  latency.histogram.sample_sum = counters.latency.sum;
  add(families, "webmacs_store_commit_seconds", "How long transactions took until they were durable",
      MetricType::Histogram)
      .metric.push_back(std::move(latency));
}

void add_stream(Families& families, const StreamCounters& counters) {
  add_counter(families, "webmacs_broadcast_frames_total", "Frames encoded for all who asked for the same",
              counters.frames);
  add_counter(families, "webmacs_broadcast_bytes_total", "Bytes of those frames", counters.bytes);
  add_counter(families, "webmacs_deliveries_total", "Broadcasts put into a client's queue", counters.deliveries);
  add_counter(families, "webmacs_delivered_bytes_total", "Bytes of broadcasts put into clients' queues",
              counters.delivered_bytes);
  add_counter(families, "webmacs_conflations_total", "Times a client that was behind got the latest values instead",
              counters.conflations);
  auto& dropped =
      add(families, "webmacs_dropped_total", "What slow clients were not sent, and were told so", MetricType::Counter);
  add_value(dropped, counters.skipped_datapoints, {{"what", "datapoints"}});
  add_value(dropped, counters.too_slow, {{"what", "clients"}});
}

void add_tls(Families& families, const std::optional<Timestamp>& certificate_end) {
  if (!certificate_end) return;
  add_gauge(families, "webmacs_certificate_end_seconds", "When the hub's TLS certificate ends, since 1970",
            std::chrono::duration_cast<std::chrono::seconds>(certificate_end->time_since_epoch()).count());
}

void add_process(Families& families) {
  const auto figures = read_process_figures();
  add_counter(families, "process_cpu_seconds_total", "CPU time used", figures.cpu_seconds);
  add_gauge(families, "process_start_time_seconds", "When the process started, since 1970", figures.start_time);
  add_gauge(families, "process_resident_memory_bytes", "Resident memory", figures.resident_bytes);
  add_gauge(families, "process_virtual_memory_bytes", "Virtual memory", figures.virtual_bytes);
  add_gauge(families, "process_open_fds", "Open file descriptors", figures.open_descriptors);
  add_gauge(families, "process_max_fds", "The limit of open file descriptors", figures.most_descriptors);
  add_value(add(families, "webmacs_build_info", "Always 1; the labels say what runs", MetricType::Gauge), 1,
            {{"version", WEBMACS_VERSION}});
}

}  // namespace

bool Metrics::may_see(const HttpRequest& request) const {
  if (sources_.is_public) return true;
  for (const auto* name :
       {"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"}) {
    if (request.header.find(name) != request.header.end()) return false;
  }
  boost::system::error_code ec;
  const auto peer = boost::asio::ip::make_address(request.peer, ec);
  return !ec && peer.is_loopback();
}

std::string Metrics::text() const {
  Families families;
  add_connections(families, sources_);
  add_readings(families, sources_);
  add_stream(families, sources_.feed.counters());
  add_tls(families, sources_.certificate_end);
  add_process(families);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace webmacs
