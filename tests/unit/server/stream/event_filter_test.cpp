#include "server/stream/event_filter.h"

#include <doctest/doctest.h>

using namespace webmacs;

TEST_CASE("no name means all events") {
  CHECK(EventFilter().matches("evt_a"));
  CHECK(EventFilter(std::vector<std::string>()).matches(""));
}

TEST_CASE("only the named events match, whole names") {
  const EventFilter filter({"evt_b", "evt_a"});
  CHECK(filter.matches("evt_a"));
  CHECK(filter.matches("evt_b"));
  CHECK_FALSE(filter.matches("evt_"));
  CHECK_FALSE(filter.matches("evt_ab"));
}

TEST_CASE("the same events make the same topic, in whatever order and however often they are named") {
  CHECK(EventFilter({"evt_b", "evt_a", "evt_b"}).key() == EventFilter({"evt_a", "evt_b"}).key());
  CHECK(EventFilter({"evt_a"}).key() != EventFilter({"evt_b"}).key());
  CHECK(EventFilter({"evt_a"}).key() != EventFilter().key());
}
