#include "common/worker.h"

#include "unit/capture_stderr.h"

#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <future>
#include <memory>
#include <stdexcept>
#include <vector>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

// Keeps a worker busy until it is opened.
class Gate {
 public:
  Worker::Job job() {
    return [this] {
      entered_.set_value();
      opened_.get_future().wait();
    };
  }
  void wait_until_entered() { entered_.get_future().wait(); }
  void open() { opened_.set_value(); }

 private:
  std::promise<void> entered_;
  std::promise<void> opened_;
};

}  // namespace

TEST_CASE("jobs run in order, on one other thread") {
  std::vector<int> order;
  std::vector<std::thread::id> threads;
  {
    Worker worker("order", 100);
    for (int i = 0; i < 100; ++i) {
      CHECK(worker.try_post([&, i] {
        order.push_back(i);
        threads.push_back(std::this_thread::get_id());
      }));
    }
  }
  REQUIRE(order.size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
  for (const auto id : threads) CHECK((id == threads.front()));
  CHECK((threads.front() != std::this_thread::get_id()));
}

TEST_CASE("a full queue refuses, and takes again when there is room") {
  Gate gate;
  Worker worker("full", 2);
  REQUIRE(worker.try_post(gate.job()));
  gate.wait_until_entered();
  std::atomic<int> ran{0};
  CHECK(worker.try_post([&] { ++ran; }));
  CHECK(worker.try_post([&] { ++ran; }));
  CHECK_FALSE(worker.try_post([&] { ++ran; }));
  CHECK(worker.depth() == 3);
  gate.open();
  while (worker.depth() > 0) std::this_thread::sleep_for(1ms);
  CHECK(ran == 2);
  CHECK(worker.try_post([&] { ++ran; }));
  worker.stop();
  CHECK(ran == 3);
}

TEST_CASE("stopping finishes what is queued, and nothing more is taken") {
  std::atomic<int> ran{0};
  Worker worker("stop", 50);
  for (int i = 0; i < 50; ++i) REQUIRE(worker.try_post([&] { ++ran; }));
  worker.stop();
  CHECK(ran == 50);
  CHECK_FALSE(worker.try_post([&] { ++ran; }));
  worker.stop();
  CHECK(worker.depth() == 0);
}

TEST_CASE("a job that throws is logged, and the next one runs") {
  CaptureStderr capture;
  bool ran = false;
  {
    Worker worker("writer", 5);
    worker.try_post([] { throw std::runtime_error("disk on fire"); });
    worker.try_post([] { throw 7; });
    worker.try_post([&] { ran = true; });
  }
  CHECK(ran);
  CHECK(capture.take() ==
        "<3>writer: a job failed and is given up: disk on fire\n"
        "<3>writer: a job failed and is given up: unknown exception\n");
}

TEST_CASE("the thread has a name, and no signal reaches it") {
  std::promise<std::string> name;
  std::promise<sigset_t> mask;
  Worker worker("a_name_that_is_too_long", 5);
  worker.try_post([&] {
    char text[16];
    pthread_getname_np(pthread_self(), text, sizeof text);
    name.set_value(text);
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    mask.set_value(blocked);
  });
  CHECK(name.get_future().get() == "a_name_that_is_");
  const sigset_t blocked = mask.get_future().get();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD}) CHECK(sigismember(&blocked, signal) == 1);
  CHECK(sigismember(&blocked, SIGSEGV) == 0);
  sigset_t ours;
  pthread_sigmask(SIG_SETMASK, nullptr, &ours);
  CHECK(sigismember(&ours, SIGUSR1) == 0);
}

TEST_CASE("the last turn ages while a job hangs, and goes on when the worker idles") {
  Gate gate;
  Worker worker("turn", 5);
  REQUIRE(worker.try_post(gate.job()));
  gate.wait_until_entered();
  const auto hanging = worker.last_turn();
  std::this_thread::sleep_for(50ms);
  CHECK((worker.last_turn() == hanging));
  gate.open();
  while (worker.depth() > 0) std::this_thread::sleep_for(1ms);
  const auto idle = worker.last_turn();
  CHECK((idle > hanging));
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (worker.last_turn() == idle && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(10ms);
  const auto turned = worker.last_turn();
  CHECK((turned > idle));
  CHECK((turned - idle <= 1500ms));
}

TEST_CASE("a long job that notes its turns counts as alive") {
  note_turn();  // this thread is not watched
  Worker worker("long", 5);
  std::promise<std::pair<Liveness::Clock::time_point, Liveness::Clock::time_point>> turns;
  REQUIRE(worker.try_post([&] {
    const auto begun = worker.last_turn();
    std::this_thread::sleep_for(2ms);
    note_turn();
    turns.set_value({begun, worker.last_turn()});
  }));
  const auto [begun, noted] = turns.get_future().get();
  CHECK((noted > begun));
}

TEST_CASE("what a job holds is let go when it has run") {
  auto held = std::make_shared<int>(1);
  Worker worker("hold", 5);
  worker.try_post([held] {});
  while (worker.depth() > 0) std::this_thread::sleep_for(1ms);
  CHECK(held.use_count() == 1);
}
