#include "server/http/reserve_descriptor.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <doctest/doctest.h>

using namespace webmacs;
using Tcp = boost::asio::ip::tcp;
using Outcome = ReserveDescriptor::Outcome;

TEST_CASE("one who waits is turned away, and the reserve is there for the next") {
  boost::asio::io_context io;
  Tcp::acceptor acceptor(io, Tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  acceptor.native_non_blocking(true);
  ReserveDescriptor reserve;
  CHECK(reserve.turn_one_away(acceptor.native_handle()) == Outcome::nobody_waits);
  for (int round = 0; round < 3; ++round) {
    Tcp::socket client(io);
    client.connect(acceptor.local_endpoint());
    CHECK(reserve.turn_one_away(acceptor.native_handle()) == Outcome::turned_away);
    char byte = 0;
    boost::system::error_code ec;
    client.read_some(boost::asio::buffer(&byte, 1), ec);
    CHECK(ec == boost::asio::error::eof);
  }
  CHECK(reserve.turn_one_away(acceptor.native_handle()) == Outcome::nobody_waits);
}

TEST_CASE("what does not listen turns nobody away") {
  ReserveDescriptor reserve;
  CHECK(reserve.turn_one_away(-1) == Outcome::failed);
}
