#include "server/access/token_watch.h"

#include "unit/capture_stderr.h"
#include "unit/run_until.h"
#include "unit/server/ingest/ingest_bench.h"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

// A watch, and another program that changes the tokens of the same store.
struct WatchBench {
  WatchBench()
      : other(open()), watch(io, open(), [this](std::vector<TokenRecord> tokens) { looks.push_back(tokens.size()); }) {}

  std::unique_ptr<Store> open() const { return open_store("sqlite://" + folder.file("hub.db")); }
  template <typename Condition>
  bool run_until(Condition condition) {
    return webmacs::run_until(io, condition);
  }

  TemporaryFolder folder;
  boost::asio::io_context io;
  std::unique_ptr<Store> other;
  std::vector<std::size_t> looks;  // how many tokens each change brought
  TokenWatch watch;
};

using Looks = std::vector<std::size_t>;

}  // namespace

TEST_CASE("what another program changes is in force without being asked for, and told once") {
  WatchBench bench;
  bench.watch.start();
  REQUIRE(bench.run_until([&] { return bench.looks == Looks{0}; }));
  bench.other->add_token(token("anna", "a"));
  REQUIRE(bench.run_until([&] { return bench.looks == Looks{0, 1}; }));
  bench.other->add_token(token("ben", "b"));
  CHECK(bench.run_until([&] { return bench.looks.size() > 2; }));
  CHECK(bench.looks == Looks{0, 1, 2});
}

TEST_CASE("who asks is answered when the tokens are known as they are now") {
  WatchBench bench;
  bench.other->add_token(token("anna", "a"));
  std::vector<std::size_t> known;  // how many looks had brought something when each was answered
  const auto ask = [&] { bench.watch.refresh([&] { known.push_back(bench.looks.size()); }); };
  ask();
  REQUIRE(bench.run_until([&] { return known.size() == 1; }));
  CHECK(bench.looks == Looks{1});
  bench.other->add_token(token("ben", "b"));
  ask();
  // Made after a look has begun: the next look answers.
  ask();
  REQUIRE(bench.run_until([&] { return known.size() == 3; }));
  CHECK(bench.looks == Looks{1, 2});
  CHECK(known == Looks{1, 2, 2});
}

TEST_CASE("after the stop nobody is told anything") {
  WatchBench bench;
  bool told = false;
  bench.watch.start();
  bench.watch.refresh([&] { told = true; });
  bench.watch.stop();
  bench.watch.refresh([&] { told = true; });
  bench.io.restart();
  bench.io.run_for(50ms);
  CHECK_FALSE(told);
  CHECK(bench.looks.empty());
}

TEST_CASE("a store that cannot be read keeps nobody waiting, and those known stay in force") {
  // A store that is away.
  struct Away : ControlledStore {
    using ControlledStore::ControlledStore;
    std::int64_t change_counter() override { throw StoreError("no route to the store"); }
  };
  WatchBench bench;
  Control control;
  std::size_t changes = 0;
  CaptureStderr log;
  TokenWatch watch(bench.io, std::make_unique<Away>(bench.open(), control), [&](const auto&) { ++changes; });
  bool answered = false;
  watch.refresh([&] { answered = true; });
  CHECK(bench.run_until([&] { return answered; }));
  CHECK(changes == 0);
  CHECK(log.take().find("tokens cannot be read: no route to the store; those known stay in force") !=
        std::string::npos);
}
