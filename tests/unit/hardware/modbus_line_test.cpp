#include "line_reader.h"
#include "unit/random_seed.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <atomic>
#include <fcntl.h>
#include <random>
#include <thread>
#include <unistd.h>

using namespace webmacs;
using namespace webmacs::line_tests;
using namespace std::chrono_literals;

namespace {

enum class Misdeed {
  late,
  drop,
  truncate,
  extra,
  transaction,
  protocol,
  length,
  unit,
  function,
  bytes,
  close,
  half,
  dribble
};
constexpr Misdeed misdeeds[] = {Misdeed::late,        Misdeed::drop,     Misdeed::truncate, Misdeed::extra,
                                Misdeed::transaction, Misdeed::protocol, Misdeed::length,   Misdeed::unit,
                                Misdeed::function,    Misdeed::bytes,    Misdeed::close,    Misdeed::half,
                                Misdeed::dribble};

Reaction misbehave(Misdeed misdeed, const Bytes& request) {
  Reaction reaction = right(request);
  Bytes& bytes = reaction.bytes;
  switch (misdeed) {
    case Misdeed::late:
      reaction.delay = 130ms;
      break;
    case Misdeed::drop:
      bytes.clear();
      break;
    case Misdeed::truncate:
      bytes.resize(bytes.size() - 1);
      break;
    case Misdeed::extra:
      bytes.push_back(0);
      break;
    case Misdeed::transaction:
      bytes[1] ^= 1;
      break;
    case Misdeed::protocol:
      bytes[3] = 1;
      break;
    case Misdeed::length:
      bytes[5] ^= 2;
      break;
    case Misdeed::unit:
      bytes[6] ^= 1;
      break;
    case Misdeed::function:
      bytes[7] = 4;
      break;
    case Misdeed::bytes:
      bytes[8] = static_cast<std::uint8_t>(bytes[8] - 2);
      break;
    case Misdeed::close:
      bytes.clear();
      reaction.close = true;
      break;
    case Misdeed::half:
      bytes.resize(bytes.size() / 2);
      reaction.close = true;
      break;
    case Misdeed::dribble:
      reaction.between_bytes = 20ms;
      break;
  }
  return reaction;
}

Kind expected(Misdeed misdeed) {
  switch (misdeed) {
    case Misdeed::late:
    case Misdeed::drop:
    case Misdeed::truncate:
    case Misdeed::length:  // what it says is missing never comes
    case Misdeed::dribble:
      return Kind::timeout;
    case Misdeed::close:
    case Misdeed::half:
      return Kind::disconnected;
    default:
      return Kind::bad_reply;
  }
}

// What cannot be told apart by its length costs the connection, and nothing else does.
bool keeps_connection(Misdeed misdeed) {
  switch (misdeed) {
    case Misdeed::late:
    case Misdeed::drop:
    case Misdeed::transaction:
    case Misdeed::unit:
    case Misdeed::function:
    case Misdeed::dribble:
      return true;
    default:
      return false;
  }
}

}  // namespace

TEST_CASE("every kind of register is read with its own function") {
  ScriptedPeer peer([](const Bytes& request, int) { return right(request); });
  Reader reader(peer.port());
  CHECK(reader.read(100, 125) == Kind::good);
  CHECK(reader.read(7, 4, 1, RegisterKind::input) == Kind::good);
  CHECK(reader.read(0, 2000, 2, RegisterKind::coil) == Kind::good);
  CHECK(reader.read(65535, 1, 255, RegisterKind::discrete) == Kind::good);
  CHECK(reader.wrong_values == 0);
  CHECK(peer.connections() == 1);
}

TEST_CASE("a misbehaving device yields its reason, never a value, and the next read is right") {
  for (const Misdeed misdeed : misdeeds) {
    CAPTURE(static_cast<int>(misdeed));
    ScriptedPeer peer(
        [&](const Bytes& request, int number) { return number == 0 ? misbehave(misdeed, request) : right(request); });
    Reader reader(peer.port());
    const auto start = Clock::now();
    CHECK(reader.read(100) == expected(misdeed));
    CHECK(Clock::now() - start < 1s);
    CHECK(reader.outcome.detail != "");
    // A slow device is still busy with its first reply.
    const bool busy = misdeed == Misdeed::dribble || misdeed == Misdeed::late;
    for (int i = 0; busy && i < 5 && reader.read(150) != Kind::good; ++i) continue;
    CHECK(reader.read(200) == Kind::good);
    CHECK(reader.read(300) == Kind::good);
    CHECK(reader.wrong_values == 0);
    if (misdeed != Misdeed::dribble) CHECK(peer.connections() == (keeps_connection(misdeed) ? 1 : 2));
  }
}

TEST_CASE("a reply sent twice does not answer the next request") {
  ScriptedPeer peer([](const Bytes& request, int number) {
    Reaction reaction = right(request);
    if (number == 0) reaction.bytes.insert(reaction.bytes.end(), reaction.bytes.begin(), reaction.bytes.end());
    return reaction;
  });
  Reader reader(peer.port());
  CHECK(reader.read(100) == Kind::good);
  CHECK(reader.read(200) == Kind::good);
  CHECK(reader.wrong_values == 0);
  CHECK(peer.connections() == 1);
}

TEST_CASE("a dribbling device cannot stretch the deadline") {
  ScriptedPeer peer([](const Bytes& request, int) {
    Reaction reaction = right(request);
    reaction.between_bytes = 30ms;
    return reaction;
  });
  Reader reader(peer.port());
  reader.timeout = 150ms;
  const auto start = Clock::now();
  CHECK(reader.read(100, 60) == Kind::timeout);
  CHECK(Clock::now() - start < 400ms);
}

TEST_CASE("an exception is passed on and keeps the connection") {
  ScriptedPeer peer([](const Bytes& request, int number) {
    Reaction reaction = right(request);
    if (number == 0) reaction.bytes = {request[0], request[1], 0, 0, 0, 3, request[6], 0x83, 4};
    return reaction;
  });
  Reader reader(peer.port());
  CHECK(reader.read(100) == Kind::exception);
  CHECK(reader.outcome.exception == 4);
  CHECK(reader.read(200) == Kind::good);
  CHECK(peer.connections() == 1);
}

TEST_CASE("a connection that the device closed while idle is replaced without a failure") {
  ScriptedPeer peer([](const Bytes& request, int) { return right(request); });
  Reader reader(peer.port());
  CHECK(reader.read(100) == Kind::good);
  peer.drop_connections();
  CHECK(reader.read(200) == Kind::good);
  CHECK(reader.line->connections() == 2);
}

TEST_CASE("a refused connection is not tried again at once") {
  int port = 0;
  {
    ScriptedPeer gone([](const Bytes& request, int) { return right(request); });
    port = gone.port();
  }
  Reader reader(port);
  CHECK(reader.read(100) == Kind::no_connection);
  CHECK(reader.outcome.detail == "Connection refused");
  const auto start = Clock::now();
  for (int i = 0; i < 1000; ++i) reader.read(100);
  CHECK(Clock::now() - start < 900ms);
  CHECK(reader.line->connections() == 0);
}

TEST_CASE("thousands of reads through random faults: not one wrong value") {
  std::mt19937 random(testing::random_seed(42));
  ScriptedPeer peer([&](const Bytes& request, int) {
    if (random() % 10 != 0) return right(request);
    Misdeed misdeed = misdeeds[random() % std::size(misdeeds)];
    return misbehave(misdeed, request);
  });
  Reader reader(peer.port());
  reader.timeout = 15ms;
  int good = 0;
  std::mt19937 addresses(testing::random_seed(1));
  for (int i = 0; i < 3000; ++i) {
    const int count = 1 + static_cast<int>(addresses() % 3);
    good +=
        reader.read(static_cast<int>(addresses() % 500), count, 1 + static_cast<int>(addresses() % 4)) == Kind::good;
  }
  CHECK(reader.wrong_values == 0);
  CHECK(good > 2000);
}

TEST_CASE("an interrupt ends a read that would wait for a minute, and every later one") {
  ScriptedPeer peer([](const Bytes&, int) { return Reaction(); });
  Reader reader(peer.port());
  reader.timeout = 60s;
  std::thread stopper([&] {
    while (peer.requests() == 0) std::this_thread::sleep_for(1ms);
    reader.line->interrupt();
  });
  const auto start = Clock::now();
  CHECK(reader.read(100) == Kind::interrupted);
  CHECK(reader.read(100) == Kind::interrupted);
  CHECK(Clock::now() - start < 2s);
  stopper.join();
}

TEST_CASE("the pause between requests is kept") {
  ScriptedPeer peer([](const Bytes& request, int) { return right(request); });
  Reader reader(peer.port());
  const auto start = Clock::now();
  for (int i = 0; i < 4; ++i) {
    CHECK(reader.line->read({1, RegisterKind::holding, 0, 1}, {.timeout = 1s, .pause = 20ms}, reader.words).kind ==
          Kind::good);
  }
  CHECK(Clock::now() - start >= 60ms);
}

TEST_CASE("descriptors beyond 1024 are as good as any") {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit before = limit;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  REQUIRE(limit.rlim_cur > 1200);
  std::vector<int> files;
  while (files.empty() || files.back() < 1100) files.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  {
    ScriptedPeer peer([](const Bytes& request, int) { return right(request); });
    Reader reader(peer.port());
    CHECK(reader.read(100) == Kind::good);
  }
  for (const int file : files) ::close(file);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("RTU frames over TCP are read, and a wrong checksum or unit never passes") {
  ScriptedPeer peer(
      [](const Bytes& request, int number) {
        Reaction reaction = right(request);
        if (number == 1) reaction.bytes[4] ^= 1;
        if (number == 3) reaction.bytes[0] ^= 1;
        if (number == 5) reaction.delay = 130ms;
        return reaction;
      },
      true);
  Reader reader(peer.port(), Transport::rtu_over_tcp);
  CHECK(reader.read(100) == Kind::good);
  CHECK(reader.read(100) == Kind::bad_reply);
  CHECK(reader.read(200, 125, 5) == Kind::good);
  CHECK(reader.read(100) == Kind::bad_reply);
  CHECK(reader.read(300) == Kind::good);
  CHECK(reader.read(100) == Kind::timeout);
  CHECK(reader.read(400) == Kind::good);
  CHECK(reader.wrong_values == 0);
}
