#include "server/net/session.h"

#include "common/timestamp.h"
#include "unit/capture_stderr.h"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

using namespace webmacs;

namespace {

// Notes what is done to it.
struct NotedSession : Session {
  NotedSession(const std::string& name, const std::string& hash, std::optional<Timestamp> expires = {})
      : Session({name, Role::viewer, hash, expires}) {}
  void attach(std::shared_ptr<Connection>) override {}
  void stop_reading() override { done.push_back("stop reading"); }
  void close(std::uint16_t code, const std::string& reason) override {
    done.push_back(std::to_string(code) + " " + reason);
  }
  void drop() override { done.push_back("drop"); }
  std::size_t queued_bytes() const override { return 0; }
  void on_open() override {}
  void on_text(std::string_view) override {}
  void on_closed(std::uint16_t, const std::string&) override {}

  std::vector<std::string> done;
};

TokenRecord token(const std::string& name, const std::string& hash) {
  TokenRecord record;
  record.name = name;
  record.hash = hash;
  record.role = "viewer";
  record.created = utc_now();
  return record;
}

using Done = std::vector<std::string>;

}  // namespace

TEST_CASE("a token that is revoked ends all of its sessions with the reason, once, and nobody else's") {
  SessionSet sessions;
  const auto first = std::make_shared<NotedSession>("anna", "a");
  const auto second = std::make_shared<NotedSession>("anna", "a");
  const auto other = std::make_shared<NotedSession>("ben", "b");
  for (const auto& session : {first, second, other}) sessions.add(session);
  Access access;
  access.replace({token("anna", "a"), token("ben", "b")});
  sessions.enforce(access, utc_now());
  CHECK(first->done.empty());

  TokenRecord revoked = token("anna", "a");
  revoked.revoked = utc_now();
  access.replace({revoked, token("ben", "b")});
  CaptureStderr log;
  sessions.enforce(access, utc_now());
  sessions.enforce(access, utc_now());
  CHECK(first->done == Done{"1008 Token has been revoked"});
  CHECK(second->done == first->done);
  CHECK(other->done.empty());
  const std::string text = log.take();
  CHECK(text.find("token anna: Token has been revoked; its 2 open connections are closed") != std::string::npos);
  CHECK(text.find("ben") == std::string::npos);
}

TEST_CASE("a token that expires ends its session when its time has come") {
  SessionSet sessions;
  const Timestamp expires = utc_now() + std::chrono::hours(1);
  const auto session = std::make_shared<NotedSession>("anna", "a", expires);
  sessions.add(session);
  TokenRecord record = token("anna", "a");
  record.expires = expires;
  Access access;
  access.replace({record});
  sessions.enforce(access, expires - std::chrono::microseconds(1));
  CHECK(session->done.empty());
  CaptureStderr log;
  sessions.enforce(access, expires);
  CHECK(session->done.size() == 1);
  CHECK(log.take().find("its 1 open connection is closed") != std::string::npos);
}

TEST_CASE("a session that is over is counted once, by how it ended") {
  SessionSet sessions;
  const auto session = std::make_shared<NotedSession>("anna", "a");
  sessions.add(session);
  sessions.remove(session, 1001);
  sessions.remove(session, 1001);
  CHECK(sessions.empty());
  CHECK(sessions.close_codes().all() == std::map<std::uint16_t, std::uint64_t>{{1001, 1}});
}

TEST_CASE("codes that no standard names are counted together, so that no peer fills the memory with them") {
  CloseCodes codes;
  for (const std::uint16_t code : {1000, 1015, 1016, 999, 3000, 4999, 4000}) codes.count(code);
  CHECK(codes.all() == std::map<std::uint16_t, std::uint64_t>{{0, 5}, {1000, 1}, {1015, 1}});
}

TEST_CASE("what is done to all sessions reaches each") {
  SessionSet sessions;
  const auto first = std::make_shared<NotedSession>("anna", "a");
  const auto second = std::make_shared<NotedSession>("ben", "b");
  sessions.add(first);
  sessions.add(second);
  CHECK(sessions.size() == 2);
  sessions.stop_reading();
  sessions.close_all(1001, "The hub is stopping");
  sessions.drop_all();
  CHECK(first->done == Done{"stop reading", "1001 The hub is stopping", "drop"});
  CHECK(second->done == first->done);
}

TEST_CASE("what a session keeps goes with it") {
  const auto place = std::make_shared<int>();
  auto session = std::make_shared<NotedSession>("anna", "a");
  session->keep(place);
  CHECK(place.use_count() == 2);
  session.reset();
  CHECK(place.use_count() == 1);
}
