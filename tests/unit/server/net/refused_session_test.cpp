#include "server/net/refused_session.h"

#include "unit/common/websocket/peers.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace webmacs;
using namespace webmacs::test;

namespace {

struct Refusal {
  explicit Refusal(Denial denial, std::chrono::milliseconds wait) {
    auto session = std::make_shared<RefusedSession>(all, loop.deadlines, denial, wait, places.try_take("192.0.2.7"));
    session->attach(Connection::accept(make_plain_stream(std::move(peer.sockets.ours)), upgrade_request, "", {},
                                       loop.deadlines, session));
  }
  // The reason of the close frame with 1008 that comes next.
  std::string reason() {
    const auto frame = peer.next_frame();
    REQUIRE(frame);
    CHECK(frame->first_byte == 0x88);
    CHECK(frame->code() == 1008);
    return frame->payload.substr(2);
  }

  Loop loop;
  Peer peer{loop};
  CloseCodes close_codes;
  RefusedSessions all{close_codes};
  ConnectionPlaces places{{}};
};

}  // namespace

TEST_CASE("who may not enter is let in to be told why, and then gives the place back") {
  Refusal refusal(Denial::missing, 0ms);
  refusal.loop.until([&] { return refusal.peer.sockets.theirs.available() > 0; });
  refusal.peer.read_answer();
  CHECK(refusal.reason() == "Authentication required");
  CHECK(refusal.places.taken() == 1);
  refusal.peer.send(wire_frame(0x88, close_payload(1008)));
  CHECK(refusal.loop.until([&] { return refusal.all.size() == 0; }));
  CHECK(refusal.places.taken() == 0);
  CHECK(refusal.close_codes.all() == std::map<std::uint16_t, std::uint64_t>{{1008, 1}});
}

TEST_CASE("who has guessed too often waits for the answer, but not longer than the hub runs") {
  Refusal refusal(Denial::invalid, 1h);
  refusal.loop.until([&] { return refusal.peer.sockets.theirs.available() > 0; });
  refusal.peer.read_answer();
  CHECK_FALSE(refusal.peer.next_frame(50ms));
  CHECK(refusal.all.size() == 1);
  refusal.all.close_all();
  CHECK(refusal.reason() == "Invalid or expired token");
}

TEST_CASE("the wait ends by itself") {
  Refusal refusal(Denial::revoked, 30ms);
  refusal.loop.until([&] { return refusal.peer.sockets.theirs.available() > 0; });
  refusal.peer.read_answer();
  CHECK(refusal.reason() == "Token has been revoked");
}

TEST_CASE("who leaves while waiting gives the place back") {
  Refusal refusal(Denial::invalid, 1h);
  refusal.loop.until([&] { return refusal.peer.sockets.theirs.available() > 0; });
  refusal.peer.sockets.theirs.close();
  CHECK(refusal.loop.until([&] { return refusal.places.taken() == 0; }));
  CHECK(refusal.all.size() == 0);
}
