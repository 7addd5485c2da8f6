#include "server/net/stream_query.h"

#include <doctest/doctest.h>

using namespace webmacs;

TEST_CASE("a frontend's query says which events, which format, and since when") {
  HttpRequest request;
  CHECK(subscription_of(request).format == StreamFormat::single);
  CHECK(subscription_of(request).filter.matches("evt_any"));
  request.query = {{"events", "evt_a,,evt_b"}, {"format", "batch"}, {"since", "e1:42"}};
  const auto asked = subscription_of(request);
  CHECK(asked.format == StreamFormat::batch);
  CHECK(asked.filter.matches("evt_a"));
  CHECK(asked.filter.matches("evt_b"));
  CHECK_FALSE(asked.filter.matches("evt_c"));
  REQUIRE(asked.since.has_value());
  CHECK(asked.since->number == 42);
}

TEST_CASE("what a query says wrongly is as if it were not there") {
  HttpRequest request;
  request.query = {{"format", "batch"}, {"since", "no cursor"}};
  CHECK_FALSE(subscription_of(request).since.has_value());
  request.query = {{"format", "xml"}, {"since", "e1:42"}};
  CHECK(subscription_of(request).format == StreamFormat::single);
  CHECK_FALSE(subscription_of(request).since.has_value());
}
