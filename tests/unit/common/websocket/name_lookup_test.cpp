#include "common/websocket/name_lookup.h"

#include "peers.h"

#include <doctest/doctest.h>

#include <thread>

using namespace webmacs;
using namespace webmacs::test;

namespace {

struct Answer {
  int calls = 0;
  std::string problem;
  std::vector<Tcp::endpoint> addresses;

  NameLookup::Handler handler() {
    return [this](const std::string& its_problem, std::vector<Tcp::endpoint> its_addresses) {
      ++calls;
      problem = its_problem;
      addresses = std::move(its_addresses);
    };
  }
};

}  // namespace

TEST_CASE("a name becomes addresses with the port, later and on the loop's thread") {
  Loop loop;
  Answer answer;
  const NameLookup lookup(loop.io, "localhost", "8000", answer.handler());
  CHECK(answer.calls == 0);
  REQUIRE(loop.until([&] { return answer.calls > 0; }));
  CHECK(answer.problem.empty());
  REQUIRE_FALSE(answer.addresses.empty());
  for (const Tcp::endpoint& address : answer.addresses) {
    CHECK(address.address().is_loopback());
    CHECK(address.port() == 8000);
  }
}

TEST_CASE("a name that does not exist brings a problem in words, and no address") {
  Loop loop;
  Answer answer;
  const NameLookup lookup(loop.io, "no-such-hub.invalid", "8000", answer.handler());
  REQUIRE(loop.until([&] { return answer.calls > 0; }, 60s));
  CHECK_FALSE(answer.problem.empty());
  CHECK(answer.addresses.empty());
}

TEST_CASE("a lookup that nobody waits for any more calls nobody, even when its answer is on the way") {
  Loop loop;
  Answer dropped;
  { const NameLookup lookup(loop.io, "localhost", "1", dropped.handler()); }
  Answer late;
  auto lookup = std::make_unique<NameLookup>(loop.io, "127.0.0.1", "1", late.handler());
  std::this_thread::sleep_for(50ms);  // the resolver's thread has most likely posted it by now
  lookup.reset();
  Answer answer;
  const NameLookup last(loop.io, "localhost", "1", answer.handler());
  REQUIRE(loop.until([&] { return answer.calls > 0; }));
  CHECK(dropped.calls == 0);
  CHECK(late.calls == 0);
}
