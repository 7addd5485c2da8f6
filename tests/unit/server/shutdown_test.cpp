#include "server/shutdown.h"

#include "unit/capture_stderr.h"
#include "unit/server/hub_parts.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

using Notes = std::vector<std::string>;

// Notes what is done to it, in one list with all else that happens.
struct NotedSession : Session {
  explicit NotedSession(Notes& happened) : Session({"somebody", Role::viewer, "hash"}), happened_(happened) {}
  void attach(std::shared_ptr<Connection>) override {}
  void stop_reading() override { happened_.push_back("stop reading"); }
  void close(std::uint16_t code, const std::string& reason) override {
    happened_.push_back("close " + std::to_string(code) + " " + reason);
  }
  void drop() override { happened_.push_back("drop"); }
  std::size_t queued_bytes() const override { return 0; }
  void on_open() override {}
  void on_text(std::string_view) override {}
  void on_closed(std::uint16_t, const std::string&) override {}

 private:
  Notes& happened_;
};

struct StoppingHub : HubParts {
  Notes happened;
  std::shared_ptr<NotedSession> session = std::make_shared<NotedSession>(happened);
  Shutdown shutdown{
      io, {listener, sessions, websockets, exports, controller_saver, ingest}, [this] { happened.push_back("end"); }};
};

const std::string closing = "close 1001 The hub is stopping";

}  // namespace

TEST_CASE("what was accepted is stored and answered before anybody is told to go") {
  StoppingHub hub;
  hub.sessions.add(hub.session);
  REQUIRE(hub.ingest.try_submit({"rig1", {{Reading{"evt_a", utc_now(), 1, ""}, false}}}, false, false,
                                [&](const auto& results) {
                                  CHECK(results.at(0).outcome == Outcome::stored);
                                  hub.happened.push_back("stored");
                                }));
  hub.controllers.heard("rig1");
  CaptureStderr log;
  hub.shutdown.begin();
  hub.shutdown.begin();  // a second signal
  REQUIRE(hub.run_until([&] { return !hub.happened.empty() && hub.happened.back() == closing; }));
  CHECK(hub.happened == Notes{"stop reading", "stored", closing});
  CHECK(hub.open()->controllers().size() == 1);
  CHECK(log.take().find("stopping: 1 WebSockets open") != std::string::npos);

  hub.sessions.remove(hub.session, 1001);
  REQUIRE(hub.run_until([&] { return hub.happened.back() == "end"; }));
  CHECK(hub.happened == Notes{"stop reading", "stored", closing, "end"});
}

TEST_CASE("nothing more is accepted once the shutdown has begun") {
  StoppingHub hub;
  hub.listener.start();
  const Tcp::endpoint endpoint(boost::asio::ip::address_v4::loopback(),
                               static_cast<unsigned short>(hub.listener.port()));
  CaptureStderr log;
  hub.shutdown.begin();
  CHECK_FALSE(hub.ingest.try_submit({"rig1", {}}, false, true, [](const auto&) {}));
  REQUIRE(hub.run_until([&] { return hub.happened == Notes{"end"}; }));
  Tcp::socket late(hub.io);
  error_code ec;
  late.connect(endpoint, ec);
  CHECK(ec == boost::asio::error::connection_refused);
}

TEST_CASE("who does not go in time is dropped, and the hub ends once") {
  StoppingHub hub;
  hub.sessions.add(hub.session);
  CaptureStderr log;
  hub.shutdown.begin();
  REQUIRE(hub.run_until([&] { return !hub.happened.empty() && hub.happened.back() == "end"; }));
  CHECK(hub.happened == Notes{"stop reading", closing, "drop", "end"});
}
