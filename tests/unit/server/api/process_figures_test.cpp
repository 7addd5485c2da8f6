#include "server/api/process_figures.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <chrono>
#include <ctime>
#include <unistd.h>
#include <vector>

using namespace webmacs;

TEST_CASE("descriptors are counted without the one that counts them") {
  const auto before = read_process_figures();
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  CHECK(read_process_figures().open_descriptors == before.open_descriptors + 2);
  close(ends[0]);
  close(ends[1]);
  CHECK(read_process_figures().open_descriptors == before.open_descriptors);
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(before.most_descriptors == limit.rlim_cur);
}

TEST_CASE("memory is in bytes, and what is in use is resident") {
  const auto before = read_process_figures();
  constexpr std::size_t size = 64 << 20;
  const std::vector<char> used(size, 'x');
  const auto after = read_process_figures();
  CHECK(used.back() == 'x');
  CHECK(after.resident_bytes > before.resident_bytes + size / 2);
  CHECK(after.resident_bytes < before.resident_bytes + size * 2);
  CHECK(after.virtual_bytes >= after.resident_bytes);
}

TEST_CASE("the processor's time only grows, by what is spent") {
  const auto before = read_process_figures();
  const std::clock_t begin = std::clock();
  while (std::clock() - begin < CLOCKS_PER_SEC / 20) {
  }
  CHECK(read_process_figures().cpu_seconds >= before.cpu_seconds + 0.04);
}

TEST_CASE("the start is a time of day in the past, after the machine's own start") {
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const double start = read_process_figures().start_time;
  CHECK(start <= now + 1);  // the kernel counts in whole seconds
  CHECK(start > now - 3600);
  CHECK(read_process_figures().start_time == doctest::Approx(start));
}
