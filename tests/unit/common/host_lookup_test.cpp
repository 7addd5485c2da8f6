#include "common/host_lookup.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>

#include <future>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

HostAddresses look_up(HostLookups& look_ups, const std::string& host) {
  auto found = std::make_shared<std::promise<HostAddresses>>();
  auto future = found->get_future();
  look_ups.start(host, "8000", [found](HostAddresses addresses) { found->set_value(std::move(addresses)); });
  REQUIRE(future.wait_for(60s) == std::future_status::ready);
  return future.get();
}

}  // namespace

TEST_CASE("a host that is written as a number is there at once, with its port") {
  const auto v4 = numeric_host("192.0.2.1", "8000");
  REQUIRE(v4.addresses.size() == 1);
  CHECK(v4.addresses[0].bytes.ss_family == AF_INET);
  CHECK(reinterpret_cast<const sockaddr_in*>(&v4.addresses[0].bytes)->sin_port == htons(8000));
  CHECK(v4.addresses[0].size == sizeof(sockaddr_in));
  const auto v6 = numeric_host("2001:db8::1", "8000");
  REQUIRE(v6.addresses.size() == 1);
  CHECK(v6.addresses[0].bytes.ss_family == AF_INET6);
  CHECK(numeric_host("localhost", "8000").addresses.empty());
  CHECK_FALSE(numeric_host("localhost", "8000").problem.empty());
}

TEST_CASE("this machine's own name is found also where loopback is its only interface") {
  HostLookups look_ups(8);
  const auto found = look_up(look_ups, "localhost");
  CHECK(found.problem == "");
  CHECK_FALSE(found.addresses.empty());
}

TEST_CASE("a name that nobody has says so") {
  HostLookups look_ups(8);
  const auto found = look_up(look_ups, "no such name");
  CHECK(found.addresses.empty());
  CHECK_FALSE(found.problem.empty());
}

TEST_CASE("no more look-ups than allowed run at a time, and each that ends makes room") {
  HostLookups none(0);
  CHECK(look_up(none, "localhost").problem == "earlier look-ups still hang");
  HostLookups one(1);
  for (int i = 0; i < 5; ++i) CHECK(look_up(one, "localhost").problem == "");
}
