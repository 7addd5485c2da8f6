// Threads that read the store for the network thread. No store is opened: what a job is handed is enough.
#include "server/store/store_readers.h"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <future>
#include <thread>

using namespace webmacs;

namespace {

std::vector<std::unique_ptr<Store>> stores(std::size_t count) {
  return std::vector<std::unique_ptr<Store>>(count);
}

}  // namespace

TEST_CASE("the work runs elsewhere, and its result comes back on the network thread") {
  boost::asio::io_context io;
  StoreReaders readers(io, stores(2));
  std::thread::id worked_on, done_on;
  int got = 0;
  REQUIRE(readers.try_read<int>(
      [&](Store*) {
        worked_on = std::this_thread::get_id();
        return 42;
      },
      [&](int result) {
        done_on = std::this_thread::get_id();
        got = result;
      }));
  io.run();
  CHECK(got == 42);
  CHECK(done_on == std::this_thread::get_id());
  CHECK(worked_on != std::this_thread::get_id());
}

TEST_CASE("a long read does not hold up a short one while another reader is idle") {
  boost::asio::io_context io;
  StoreReaders readers(io, stores(2));
  std::promise<void> go_on;
  std::vector<int> order;
  REQUIRE(readers.try_run([wait = go_on.get_future().share()](Store*) { wait.get(); }, [&] { order.push_back(1); }));
  REQUIRE(readers.try_run([](Store*) {},
                          [&] {
                            order.push_back(2);
                            go_on.set_value();
                          }));
  io.run();
  CHECK(order == std::vector<int>{2, 1});
}

TEST_CASE("no more than so many wait, and a stop lets all of them end") {
  boost::asio::io_context io;
  StoreReaders readers(io, stores(1));
  std::promise<void> go_on;
  std::size_t taken = 0, ended = 0;
  const auto wait = go_on.get_future().share();
  while (readers.try_run([wait](Store*) { wait.get(); }, [&] { ++ended; })) {
    ++taken;
    REQUIRE(taken < 1000);
  }
  CHECK(taken >= 64);
  go_on.set_value();
  readers.stop();
  CHECK_FALSE(readers.try_run([](Store*) {}, [] {}));
  io.run();
  CHECK(ended == taken);
}
