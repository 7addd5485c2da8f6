// Reading datapoints. An answer holds up to 10,000 of them, or 80,000 points: they are written piece by piece, as the
// wire's are (messages.h), and with them the few members around them.

#include "common/timestamp.h"
#include "server/api/rest_json.h"
#include "server/api/rest_routes.h"
#include "server/catalog/experiments.h"
#include "server/store/datapoint_id.h"
#include "server/store/point_merge.h"
#include "server/store/series.h"
#include "server/stream/live_feed.h"

#include <algorithm>
#include <map>
#include <set>

namespace webmacs {
namespace {

constexpr std::size_t usual_limit = 1000;
constexpr std::size_t largest_limit = 10000;
constexpr std::int64_t end_of_time = 7258118400000000;  // 2200

struct Query {
  std::optional<std::string> event;
  std::optional<ExperimentRecord> experiment;
  Timestamp from = from_microseconds(0);
  Timestamp to = from_microseconds(end_of_time);
  std::size_t limit = usual_limit;
  std::optional<DatapointKey> after;
};

Query parse_query(const HttpRequest& request, const ExperimentIndex& experiments) {
  Query query;
  if (const auto id = request.parameter("event_public_id"); !id.empty()) query.event = id;
  if (const auto id = request.parameter("experiment_public_id"); !id.empty()) {
    const auto* experiment = experiments.find(id);
    if (experiment == nullptr) throw RestProblem(404, "there is no such experiment");
    query.experiment = *experiment;
    query.from = experiment->started_on;
    query.to = experiment->stopped_on.value_or(query.to);
  }
  query.from = std::max(query.from, time_parameter(request, "from").value_or(query.from));
  query.to = std::min(query.to, time_parameter(request, "to").value_or(query.to));
  query.limit = number_parameter(request, "limit", usual_limit, largest_limit);
  if (const auto cursor = request.parameter("cursor"); !cursor.empty()) {
    query.after = parse_datapoint_public_id(cursor);
    if (!query.after) throw RestProblem(422, "cursor: not one that this hub gave out");
  }
  return query;
}

Datapoint datapoint_of(const EventRecord& event, const Point& point, const ExperimentIndex& experiments) {
  Datapoint datapoint;
  datapoint.public_id = datapoint_public_id(event.key, point.time);
  datapoint.reading = {event.description.event_public_id, point.time, point.value, point.reason};
  if (const auto* experiment = experiments.find(event.controller, point.time)) {
    datapoint.experiment_public_id = experiment->public_id;
  }
  return datapoint;
}

HttpResponse list_datapoints(Store& store, const Query& query, const ExperimentIndex& experiments) {
  auto events = store.events();
  std::string after_event;
  if (query.after) {
    const auto found =
        std::find_if(events.begin(), events.end(), [&](const auto& e) { return e.key == query.after->event_key; });
    if (found == events.end()) throw RestProblem(422, "cursor: its event is gone");
    after_event = found->description.event_public_id;
  }
  const auto unwanted = [&](const EventRecord& event) {
    return (query.event && event.description.event_public_id != *query.event) ||
           (query.experiment && !query.experiment->covers(event.controller));
  };
  events.erase(std::remove_if(events.begin(), events.end(), unwanted), events.end());
  PointMerge merge(store, std::move(events), query.from, query.to);
  if (query.after) merge.skip_until_after(query.after->time, after_event);
  std::string body = "{\"data\":[";
  std::string last;
  PointMerge::Item item;
  std::size_t count = 0;
  bool more = false;
  while ((more = merge.next(item)) && count < query.limit) {
    const auto datapoint = datapoint_of(merge.events()[item.event], *item.point, experiments);
    if (count++ > 0) body += ',';
    append_datapoint(body, datapoint);
    last = datapoint.public_id;
  }
  return json_response(body + "],\"next_cursor\":" + (more ? '"' + last + '"' : std::string("null")) + '}');
}

HttpResponse one_datapoint(Store& store, const DatapointKey& key, const ExperimentIndex& experiments) {
  const auto events = store.events();
  const auto event = std::find_if(events.begin(), events.end(), [&](const auto& e) { return e.key == key.event_key; });
  std::vector<Point> points;
  if (event != events.end()) {
    store.read(key.event_key, key.time, key.time + std::chrono::microseconds(1), 1, points);
  }
  if (points.empty()) throw RestProblem(404, "there is no such datapoint");
  std::string body;
  append_datapoint(body, datapoint_of(*event, points[0], experiments));
  return json_response(std::move(body));
}

HttpResponse series(Store& store, const SeriesRequest& request) {
  std::map<std::string, EventRecord> events;
  for (EventRecord& event : store.events()) events[event.description.event_public_id] = std::move(event);
  std::string body = "{";
  for (const std::string& id : std::set<std::string>(request.events.begin(), request.events.end())) {
    if (body.size() > 1) body += ',';
    append_json_string(body, id);
    body += ":[";
    const auto event = events.find(id);
    const auto points = event == events.end()
                            ? std::vector<SeriesPoint>()
                            : read_series(store, event->second, request.from, request.to, request.max_points);
    for (std::size_t i = 0; i < points.size(); ++i) {
      body += i > 0 ? ",{\"timestamp\":\"" : "{\"timestamp\":\"";
      append_timestamp(body, points[i].time);
      body += "\",\"value\":";
      if (points[i].value) {
        append_number(body, *points[i].value);
      } else {
        body += "null";
      }
      body += '}';
    }
    body += ']';
  }
  return json_response(body + '}');
}

}  // namespace

void add_datapoint_routes(RestRouter& router, const RestServices& services) {
  using Verb = RestRouter::Verb;
  router.add(Verb::get, "/api/v1/datapoints/latest", Right::read, [&services](const RestCallPtr& call) {
    call->answer(json_response('[' + services.feed.latest().encode(EventFilter(), utc_now()) + ']'));
  });
  router.add(Verb::get, "/api/v1/datapoints", Right::read, [&services](const RestCallPtr& call) {
    const auto experiments = services.experiments.index();
    answer_from_store(services, call, [query = parse_query(call->request, *experiments), experiments](Store& store) {
      return list_datapoints(store, query, *experiments);
    });
  });
  router.add(Verb::post, "/api/v1/datapoints/series", Right::read, [&services](const RestCallPtr& call) {
    answer_from_store(services, call, [request = decode_series_request(call->request.body, utc_now())](Store& store) {
      return series(store, request);
    });
  });
  router.add(Verb::get, "/api/v1/datapoints/{public_id}", Right::read, [&services](const RestCallPtr& call) {
    const auto key = parse_datapoint_public_id(call->id());
    if (!key) throw RestProblem(404, "there is no such datapoint");
    answer_from_store(services, call, [key = *key, experiments = services.experiments.index()](Store& store) {
      return one_datapoint(store, key, *experiments);
    });
  });
}

}  // namespace webmacs
