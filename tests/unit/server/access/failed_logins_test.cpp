#include "server/access/failed_logins.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

const FailedLogins::TimePoint start{1000h};

}  // namespace

TEST_CASE("the first failures of an address cost nothing, then each waits longer, up to a bound") {
  FailedLogins logins({3, 1s, 4s, 100});
  for (int i = 0; i < 3; ++i) CHECK(logins.failed("192.0.2.1", start) == 0ms);
  CHECK(logins.failed("192.0.2.1", start) == 1s);
  CHECK(logins.failed("192.0.2.1", start) == 2s);
  for (int i = 0; i < 1000; ++i) logins.failed("192.0.2.1", start);
  CHECK(logins.failed("192.0.2.1", start) == 4s);
  CHECK(logins.failed("192.0.2.2", start) == 0ms);  // another address
  CHECK(logins.count() == 1007);
}

TEST_CASE("failures are forgiven with time") {
  FailedLogins logins({3, 1s, 4s, 100});
  for (int i = 0; i < 1000; ++i) logins.failed("192.0.2.1", start);
  CHECK(logins.failed("192.0.2.1", start + 2s) == 3s);
  CHECK(logins.failed("192.0.2.1", start + 20s) == 0ms);
}

TEST_CASE("a whole IPv6 network is one address, and loopback is itself") {
  FailedLogins logins({1, 1s, 4s, 100});
  CHECK(logins.failed("2001:db8::1", start) == 0ms);
  CHECK(logins.failed("2001:db8::ffff:2", start) == 1s);
  CHECK(logins.failed("2001:db8:0:1::1", start) == 0ms);
  CHECK(logins.failed("::1", start) == 0ms);
  CHECK(logins.failed("not an address", start) == 0ms);
}

TEST_CASE("a storm from many addresses fills no memory, and those remembered first stay so") {
  FailedLogins logins({1, 1s, 4s, 100});
  for (int i = 0; i < 10000; ++i)
    logins.failed("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), start);
  CHECK(logins.remembered() <= 101);
  CHECK(logins.failed("10.0.0.0", start) == 1s);
  CHECK(logins.failed("192.0.2.77", start) == 4s);  // shares the account of all the others
  CHECK(logins.failed("192.0.2.77", start + 1min) == 0ms);
  CHECK(logins.remembered() <= 2);
}
