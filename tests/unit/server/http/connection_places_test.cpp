#include "server/http/connection_places.h"

#include "unit/capture_stderr.h"

#include <doctest/doctest.h>

using namespace webmacs;

TEST_CASE("an address has its share and no more, until one of its connections ends") {
  CaptureStderr quiet;
  ConnectionPlaces places({10, 2, {}});
  const auto first = places.try_take("192.0.2.1");
  auto second = places.try_take("192.0.2.1");
  CHECK((first && second));
  CHECK((places.try_take("192.0.2.1") == nullptr));
  CHECK((places.try_take("192.0.2.2") != nullptr));
  CHECK(places.refused() == 1);
  CHECK(places.taken() == 2);
  second.reset();
  CHECK((places.try_take("192.0.2.1") != nullptr));
}

TEST_CASE("nobody enters when all places are taken, a proxy neither") {
  CaptureStderr quiet;
  ConnectionPlaces places({2, 2, {"127.0.0.1"}});
  const auto first = places.try_take("192.0.2.1"), second = places.try_take("127.0.0.1");
  CHECK((places.try_take("192.0.2.2") == nullptr));
  CHECK((places.try_take("127.0.0.1") == nullptr));
  CHECK(places.taken() == 2);
}

TEST_CASE("a trusted proxy that names no client is not bounded, the clients it names are") {
  CaptureStderr quiet;
  ConnectionPlaces places({100, 2, {"127.0.0.1"}});
  std::vector<std::shared_ptr<ConnectionPlace>> all;
  for (int i = 0; i < 10; ++i) all.push_back(places.try_take("127.0.0.1"));
  CHECK((all[9] != nullptr));
  for (int i = 0; i < 10; ++i) CHECK(all[static_cast<std::size_t>(i)]->try_name("127.0.0.1"));
  CHECK(all[0]->try_name("203.0.113.5"));
  CHECK(all[1]->try_name("203.0.113.5"));
  CHECK_FALSE(all[2]->try_name("203.0.113.5"));
  CHECK(all[1]->try_name("203.0.113.5"));  // the next request of the same connection
  CHECK(all[2]->try_name("203.0.113.6"));
  CHECK((places.try_take("203.0.113.5") == nullptr));  // the same client, directly
}

TEST_CASE("a connection that a proxy uses for one client after the other counts for the last") {
  CaptureStderr quiet;
  ConnectionPlaces places({100, 1, {"127.0.0.1"}});
  const auto one = places.try_take("127.0.0.1"), other = places.try_take("127.0.0.1");
  CHECK(one->try_name("203.0.113.5"));
  CHECK_FALSE(other->try_name("203.0.113.5"));
  CHECK(one->try_name("203.0.113.6"));
  CHECK(other->try_name("203.0.113.5"));
  CHECK(one->try_name("127.0.0.1"));  // no client any more
  CHECK((places.try_take("203.0.113.6") != nullptr));
}

TEST_CASE("a place may outlive what it was taken from, and new limits hold for those that come") {
  CaptureStderr quiet;
  std::shared_ptr<ConnectionPlace> place;
  {
    ConnectionPlaces places({10, 10, {}});
    place = places.try_take("192.0.2.1");
    places.set_limits({10, 1, {}});
    CHECK(place->try_name("192.0.2.1"));
    CHECK((places.try_take("192.0.2.1") == nullptr));
  }
  CHECK(place->try_name("192.0.2.1"));
}
