#include "server/store/sql_store.h"

#include "common/timestamp.h"

namespace webmacs {
namespace {

std::optional<std::int64_t> microseconds(const std::optional<Timestamp>& time) {
  if (!time) return std::nullopt;
  return to_microseconds(*time);
}

std::optional<Timestamp> timestamp(std::optional<std::int64_t> microseconds) {
  if (!microseconds) return std::nullopt;
  return from_microseconds(*microseconds);
}

}  // namespace

std::vector<DescribeResult> SqlStore::describe(const std::string& controller,
                                               const std::vector<EventDescription>& events) {
  std::vector<DescribeResult> refused;
  in_transaction([&](SqlSession&, StoreEvents& known) {
    refused.clear();
    for (std::size_t i = 0; i < events.size(); ++i) {
      std::string owner;
      if (!known.describe(controller, events[i], owner)) refused.push_back({i, owner});
    }
  });
  return refused;
}

std::vector<EventRecord> SqlStore::events() {
  std::vector<EventRecord> events;
  in_session([&](SqlSession&, StoreEvents& known) { events = known.all(); });
  return events;
}

std::vector<TokenRecord> SqlStore::tokens() {
  std::vector<TokenRecord> tokens;
  in_session([&](SqlSession& session, StoreEvents&) {
    session.query("SELECT name, hash, role, created, expires, revoked FROM tokens ORDER BY key", {},
                  [&](const SqlRow& row) {
                    tokens.push_back({row.text(0), row.text(1), row.text(2), from_microseconds(row.integer(3)),
                                      timestamp(row.optional_integer(4)), timestamp(row.optional_integer(5))});
                  });
  });
  return tokens;
}

void SqlStore::add_token(const TokenRecord& token) {
  in_transaction([&](SqlSession& session, StoreEvents&) {
    const auto added = session.run(
        "INSERT INTO tokens (name, hash, role, created, expires, revoked) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT DO NOTHING",
        {token.name, token.hash, token.role, to_microseconds(token.created), microseconds(token.expires),
         microseconds(token.revoked)});
    if (added > 0) return;
    throw StoreConflict("token name " + token.name + " is in use; revoke that token first, or choose another name");
  });
}

bool SqlStore::revoke_token(std::string_view name, Timestamp when) {
  bool revoked = false;
  in_transaction([&](SqlSession& session, StoreEvents&) {
    revoked = session.run("UPDATE tokens SET revoked = $2 WHERE name = $1 AND revoked IS NULL",
                          {name, to_microseconds(when)}) > 0;
  });
  return revoked;
}

std::vector<ControllerRecord> SqlStore::controllers() {
  std::vector<ControllerRecord> controllers;
  in_session([&](SqlSession& session, StoreEvents&) {
    session.query("SELECT name, last_seen, status FROM controllers ORDER BY name", {}, [&](const SqlRow& row) {
      controllers.push_back({row.text(0), from_microseconds(row.integer(1)), row.text(2)});
    });
  });
  return controllers;
}

void SqlStore::save_controllers(const std::vector<ControllerRecord>& controllers) {
  in_transaction([&](SqlSession& session, StoreEvents&) {
    for (const ControllerRecord& controller : controllers) {
      session.run(
          "INSERT INTO controllers (name, last_seen, status) VALUES ($1, $2, $3) "
          "ON CONFLICT (name) DO UPDATE SET last_seen = $2, status = $3",
          {controller.name, to_microseconds(controller.last_seen), controller.status});
    }
  });
}

}  // namespace webmacs
