#include "common/descriptor_limit.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

using namespace webmacs;

TEST_CASE("the limit of open files goes up to the hard limit") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(raise_descriptor_limit() == before.rlim_max);
  rlimit after{};
  getrlimit(RLIMIT_NOFILE, &after);
  CHECK(after.rlim_cur == before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}
