// Whatever stretch of time is asked for, in however many points: the series is in order, short enough, and has the
// least, the greatest, the first and the last value of it. The input is the body of a request.

#include "common/timestamp.h"
#include "property.h"
#include "server/api/rest_call.h"
#include "server/api/rest_json.h"
#include "server/open_store.h"
#include "server/store/series.h"
#include "unit/server/store/store_support.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

// Three events: evt_dense has noise with spikes, gaps and bad stretches at about 1 Hz; evt_sparse one an hour; evt_ends
// the first and the last microseconds there are.
class Bench {
 public:
  Bench() {
    std::mt19937 random(7);
    std::vector<IncomingReading> dense;
    for (int i = 0; i < 6000; ++i) {
      if (i % 2500 > 2000) continue;
      const Timestamp time = at(i * std::int64_t{1000000} + static_cast<std::int64_t>(random() % 900000));
      const double value = random() % 500 == 0 ? static_cast<double>(random()) : static_cast<double>(random() % 100);
      dense.push_back(i % 1000 < 5 ? bad("evt_dense", time, "timeout") : good("evt_dense", time, value));
    }
    append(*store_, "rig1", dense);
    std::vector<IncomingReading> others;
    for (int i = 0; i < 300; ++i) others.push_back(good("evt_sparse", at(i * std::int64_t{3600000000}), i * 0.1));
    for (const std::int64_t time : {std::int64_t{0}, std::int64_t{1}, last - 2, last - 1}) {
      others.push_back(good("evt_ends", from_microseconds(time), static_cast<double>(time)));
    }
    append(*store_, "rig1", others);
    while (store_->summarize(std::chrono::milliseconds(100))) {
    }
    // Not summarised: what came after that.
    append(*store_, "rig1", {good("evt_dense", at(std::int64_t{6100000000}), -1), good("evt_sparse", at(5), 1e9)});
    for (EventRecord& event : store_->events()) events_[event.description.event_public_id] = event;
  }

  void check(const std::string& id, const SeriesRequest& request) {
    const auto event = events_.find(id);
    if (event == events_.end()) return;
    const auto line = read_series(*store_, event->second, request.from, request.to, request.max_points);
    WEBMACS_PROPERTY(line.size() <= request.max_points);
    std::vector<Point> all;
    store_->read(event->second.key, request.from, request.to, 1000000, all);
    WEBMACS_PROPERTY(line.empty() == all.empty());
    if (all.empty()) return;
    for (std::size_t i = 1; i < line.size(); ++i) WEBMACS_PROPERTY(line[i - 1].time < line[i].time);
    std::map<std::int64_t, double> values;
    for (const Point& point : all) {
      if (point.value) values[to_microseconds(point.time)] = *point.value;
    }
    double least = 1e300, greatest = -1e300;
    for (const SeriesPoint& point : line) {
      if (!point.value) continue;
      const auto found = values.find(to_microseconds(point.time));
      WEBMACS_PROPERTY(found != values.end() && found->second == *point.value);
      least = std::min(least, *point.value);
      greatest = std::max(greatest, *point.value);
    }
    for (const auto& [time, value] : values) WEBMACS_PROPERTY(value >= least && value <= greatest);
    if (all.front().value) WEBMACS_PROPERTY(line.front().time == all.front().time);
    if (all.back().value) WEBMACS_PROPERTY(line.back().time == all.back().time);
  }

 private:
  static constexpr std::int64_t last = 7258118400000000;  // 2200
  TemporaryFolder folder_;
  std::unique_ptr<Store> store_ = open_store("sqlite://" + folder_.file("hub.db"));
  std::map<std::string, EventRecord> events_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Bench bench;
  try {
    const auto request = decode_series_request({reinterpret_cast<const char*>(data), size}, at(5000000000));
    for (const std::string& event : request.events) bench.check(event, request);
  } catch (const RestProblem&) {
    return 0;
  }
  return 0;
}
