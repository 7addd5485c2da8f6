#include "server/stream/latest_values.h"

#include "common/timestamp.h"

#include <doctest/doctest.h>

using namespace webmacs;
using std::chrono::seconds;

namespace {

const Timestamp now = *parse_timestamp("2025-01-15T14:32:10Z");

Datapoint point(const std::string& event, Timestamp time, std::optional<double> value) {
  return {"dp_" + format_timestamp(time), {event, time, value, value ? "" : "timeout"}, std::nullopt};
}

}  // namespace

TEST_CASE("the greatest time stamp wins, however late another arrives") {
  LatestValues latest;
  latest.add(point("a", now, 2), now);
  latest.add(point("a", now - seconds(5), 1), now);
  CHECK(latest.encode({}, now).find("\"value\":2,") != std::string::npos);
  CHECK(latest.newest(now) == now);
}

TEST_CASE("a bad datapoint is the latest too") {
  LatestValues latest;
  latest.add(point("a", now, 2), now);
  latest.add(point("a", now + seconds(1), std::nullopt), now);
  const auto text = latest.encode({}, now);
  CHECK(text.find("\"value\":null") != std::string::npos);
  CHECK(text.find("\"reason\":\"timeout\"") != std::string::npos);
}

TEST_CASE("what is more than 60 s in the future becomes the latest when its time comes") {
  LatestValues latest;
  latest.add(point("a", now, 1), now);
  latest.add(point("a", now + seconds(61), 2), now);
  latest.add(point("a", now + seconds(300), 3), now);
  CHECK(latest.encode({}, now).find("\"value\":1,") != std::string::npos);
  CHECK(latest.encode({}, now + seconds(1)).find("\"value\":2,") != std::string::npos);
  CHECK(latest.newest(now + seconds(239)) == now + seconds(61));
  CHECK(latest.newest(now + seconds(240)) == now + seconds(300));
}

TEST_CASE("a filter leaves the others out") {
  LatestValues latest;
  latest.add(point("a", now, 1), now);
  latest.add(point("b", now, 2), now);
  CHECK(latest.encode(EventFilter({"b"}), now).find("\"a\"") == std::string::npos);
  CHECK(latest.encode(EventFilter({"nobody"}), now).empty());
}
