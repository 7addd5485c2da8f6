// A plain stream over a real socket. What TLS adds is in websocket_tls_test.

#include "common/websocket/byte_stream.h"

#include "peers.h"

#include <boost/asio/read.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

using namespace webmacs;
using namespace webmacs::test;

namespace {

struct Bench {
  std::string receive(std::size_t bytes) {
    std::string text(bytes, '\0');
    boost::asio::read(pair.theirs, boost::asio::buffer(text));
    return text;
  }
  void send(const std::string& text) { boost::asio::write(pair.theirs, boost::asio::buffer(text)); }

  Loop loop;
  SocketPair pair{loop.io};
  std::unique_ptr<ByteStream> stream = make_plain_stream(std::move(pair.ours));
};

struct Outcome {
  int calls = 0;
  error_code ec;
  std::string bytes;
  std::size_t size = 0;
};

}  // namespace

TEST_CASE("a plain stream needs no handshake, but says so later, not at once") {
  Bench bench;
  Outcome handshake;
  bench.stream->async_handshake([&](error_code ec) { handshake = {1, ec, "", 0}; });
  CHECK(handshake.calls == 0);
  REQUIRE(bench.loop.until([&] { return handshake.calls == 1; }));
  CHECK_FALSE(handshake.ec);
}

TEST_CASE("what a peer sends is read in chunks of at most 64 KiB, then its end") {
  Bench bench;
  const std::string sent(200'000, 'x');
  std::thread peer([&] {
    bench.send(sent);
    bench.pair.theirs.shutdown(Tcp::socket::shutdown_send);
  });
  Outcome read;
  std::size_t largest = 0;
  std::function<void()> next = [&] {
    bench.stream->async_read([&](error_code ec, std::string_view bytes) {
      read.ec = ec;
      read.bytes += bytes;
      largest = std::max(largest, bytes.size());
      if (!ec) next();
    });
  };
  next();
  CHECK(bench.loop.until([&] { return bool(read.ec); }));
  peer.join();
  CHECK(read.ec == boost::asio::error::eof);
  CHECK(read.bytes == sent);
  CHECK(largest <= 64 * 1024);
}

TEST_CASE("write_now takes what the socket takes, and nothing of what it does not") {
  Loop loop;
  SocketPair pair(loop.io, 4096);
  const auto stream = make_plain_stream(std::move(pair.ours));
  const std::string much(4'000'000, 'y');
  error_code ec;
  std::size_t taken = stream->write_now({boost::asio::buffer(much)}, ec);
  CHECK(taken > 0);
  CHECK(taken < much.size());
  // What is on its way to the peer makes room for a little more at first.
  for (int tries = 0; tries < 1000 && taken > 0 && !ec; ++tries) {
    taken = stream->write_now({boost::asio::buffer(much)}, ec);
  }
  CHECK(taken == 0);
  CHECK_FALSE(ec);  // full is no fault
}

TEST_CASE("several buffers leave in order, by each way to write") {
  Bench bench;
  const std::string one = "one ";
  const std::string two = "two ";
  const std::vector<boost::asio::const_buffer> both = {boost::asio::buffer(one), boost::asio::buffer(two)};
  error_code ec;
  CHECK(bench.stream->write_now(both, ec) == 8);
  Outcome some;
  bench.stream->async_write_some(both, [&](error_code its, std::size_t size) { some = {1, its, "", size}; });
  REQUIRE(bench.loop.until([&] { return some.calls == 1; }));
  CHECK(some.size == 8);
  Outcome all;
  bench.stream->async_write(both, [&](error_code its, std::size_t size) { all = {1, its, "", size}; });
  REQUIRE(bench.loop.until([&] { return all.calls == 1; }));
  CHECK(all.size == 8);
  CHECK(bench.receive(24) == "one two one two one two ");
}

TEST_CASE("after shutdown_send the peer sees the end, and can still be heard") {
  Bench bench;
  bench.stream->shutdown_send();
  char byte = 0;
  error_code ec;
  bench.pair.theirs.read_some(boost::asio::buffer(&byte, 1), ec);
  CHECK(ec == boost::asio::error::eof);
  bench.send("last words");
  Outcome read;
  bench.stream->async_read([&](error_code its, std::string_view bytes) { read = {1, its, std::string(bytes), 0}; });
  REQUIRE(bench.loop.until([&] { return read.calls == 1; }));
  CHECK(read.bytes == "last words");
}

TEST_CASE("closing or destroying a stream ends what is under way with operation_aborted") {
  for (const bool destroy : {false, true}) {
    Bench bench;
    Outcome read;
    bench.stream->async_read([&](error_code ec, std::string_view) { read = {read.calls + 1, ec, "", 0}; });
    if (destroy) {
      bench.stream.reset();
    } else {
      bench.stream->close();
      bench.stream->close();
    }
    CHECK(read.calls == 0);
    REQUIRE(bench.loop.until([&] { return read.calls == 1; }));
    CHECK(read.ec == boost::asio::error::operation_aborted);
  }
}

TEST_CASE("a stream may be destroyed within its own handler") {
  Bench bench;
  bench.send("x");
  bool called = false;
  bench.stream->async_read([&](error_code, std::string_view bytes) {
    bench.stream.reset();
    called = bytes == "x";
  });
  CHECK(bench.loop.until([&] { return called; }));
}

TEST_CASE("writing to a peer that has gone is an error, not a signal") {
  Bench bench;
  bench.pair.theirs.set_option(boost::asio::socket_base::linger(true, 0));
  bench.pair.theirs.close();
  const std::string text = "anybody there?";
  error_code ec;
  CHECK(bench.loop.until([&] {
    bench.stream->write_now({boost::asio::buffer(text)}, ec);
    return bool(ec);
  }));
}
