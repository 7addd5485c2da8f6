#include "common/memory_limit.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

using namespace webmacs;

TEST_CASE("the limit that is met is named with its size") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_DATA, &before) == 0);
  rlimit limit = before;
  limit.rlim_cur = std::min<rlim_t>(before.rlim_max, 4000ull * 1024 * 1024);
  REQUIRE(setrlimit(RLIMIT_DATA, &limit) == 0);
  CHECK(memory_limit().find("the data segment is limited to 4000 MiB (ulimit -d, LimitDATA=)") != std::string::npos);
  REQUIRE(setrlimit(RLIMIT_DATA, &before) == 0);
}
