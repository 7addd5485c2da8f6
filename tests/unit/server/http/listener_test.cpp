#include "server/http/listener.h"

#include "unit/capture_stderr.h"

#include <boost/asio/ip/tcp.hpp>
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <ctime>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

// While it lives, the process may open no descriptor beyond those it has and `more`.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t more) {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const int next = dup(STDERR_FILENO);  // the lowest that is free
    close(next);
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(next) + more;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  }
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("out of descriptors, who connects is turned away at once, in one line and without a spin") {
  boost::asio::io_context io;
  std::vector<Tcp::socket> kept;
  Listener listener(io, "127.0.0.1", 0, {},
                    [&](Tcp::socket socket, const std::string&, const auto&) { kept.push_back(std::move(socket)); });
  listener.start();
  const Tcp::endpoint endpoint(boost::asio::ip::address_v4::loopback(), static_cast<unsigned short>(listener.port()));
  std::vector<Tcp::socket> clients;
  for (int i = 0; i < 6; ++i) clients.emplace_back(io).open(Tcp::v4());

  CaptureStderr log;
  {
    FewDescriptors few(2);
    for (auto& client : clients) client.connect(endpoint);
    const auto cpu_before = std::clock();
    io.run_for(300ms);
    CHECK(std::clock() - cpu_before < CLOCKS_PER_SEC / 10);
  }
  CHECK(kept.size() == 2);
  CHECK(listener.turned_away() == 4);
  char byte = 0;
  error_code ec;
  clients[5].read_some(boost::asio::buffer(&byte, 1), ec);
  CHECK(ec);
  const std::string text = log.take();
  CHECK(text.find("no descriptor is left") != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);

  // Others left: the next one enters.
  Tcp::socket next(io);
  next.connect(endpoint);
  io.restart();
  io.run_for(50ms);
  CHECK(kept.size() == 3);
  listener.close();
}

TEST_CASE("a flood that is turned away leaves time for those who are in") {
  boost::asio::io_context io;
  Listener listener(io, "127.0.0.1", 0, {}, [](Tcp::socket, const std::string&, const auto&) {});
  listener.start();
  const Tcp::endpoint endpoint(boost::asio::ip::address_v4::loopback(), static_cast<unsigned short>(listener.port()));
  std::vector<Tcp::socket> clients;
  for (int i = 0; i < 100; ++i) clients.emplace_back(io).open(Tcp::v4());

  CaptureStderr log;
  FewDescriptors few(0);
  for (auto& client : clients) client.connect(endpoint);
  const auto started = std::chrono::steady_clock::now();
  while (listener.turned_away() < 100 && std::chrono::steady_clock::now() - started < 10s) io.run_one_for(100ms);
  CHECK(listener.turned_away() == 100);
  CHECK(std::chrono::steady_clock::now() - started >= 20ms);
  listener.close();
}
