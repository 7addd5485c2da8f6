#include "server/store/sql/sql_tokens.h"

#include "common/timestamp.h"
#include "server/store/sql/sql_rows.h"
#include "server/store/store_error.h"

#include <string>

namespace webmacs {
namespace {

// A code that ended stays so long: whoever tries it again is told the same.
constexpr std::chrono::hours kept_codes{24};

}  // namespace

std::vector<TokenRecord> SqlTokens::all() {
  std::vector<TokenRecord> tokens;
  session_.query("SELECT name, hash, role, created, expires, revoked FROM tokens ORDER BY key", {},
                 [&](const SqlRow& row) {
                   tokens.push_back({row.text(0), row.text(1), row.text(2), from_microseconds(row.integer(3)),
                                     optional_time(row, 4), optional_time(row, 5)});
                 });
  return tokens;
}

void SqlTokens::add(const TokenRecord& token) {
  insert(token, std::nullopt);
}

void SqlTokens::insert(const TokenRecord& token, std::optional<std::int64_t> parent) {
  const auto added = session_.run(
      "INSERT INTO tokens (name, hash, role, created, expires, revoked, parent) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
      {token.name, token.hash, token.role, to_microseconds(token.created), microseconds(token.expires),
       microseconds(token.revoked), parent});
  if (added > 0) return;
  throw StoreConflict("token name " + token.name + " is in use; revoke that token first, or choose another name");
}

bool SqlTokens::revoke(std::string_view name, Timestamp when) {
  session_.run("DELETE FROM token_codes WHERE token = $1", {name});
  return session_.run(
             "WITH RECURSIVE ended (key) AS ("
             "SELECT key FROM tokens WHERE name = $1 AND revoked IS NULL "
             "UNION SELECT t.key FROM tokens t JOIN ended ON t.parent = ended.key) "
             "UPDATE tokens SET revoked = $2 WHERE revoked IS NULL AND key IN (SELECT key FROM ended)",
             {name, to_microseconds(when)}) > 0;
}

void SqlTokens::add_code(const TokenCode& code, Timestamp now) {
  session_.run("DELETE FROM token_codes WHERE expires < $1", {to_microseconds(now - kept_codes)});
  session_.run("INSERT INTO token_codes (hash, token, enrolls, expires) VALUES ($1, $2, $3, $4)",
               {code.hash, code.token, code.enrolls ? 1 : 0, to_microseconds(code.expires)});
}

bool SqlTokens::knows_code(std::string_view hash, Timestamp now) {
  return session_
      .integer("SELECT 1 FROM token_codes WHERE hash = $1 AND used IS NULL AND expires > $2",
               {hash, to_microseconds(now)})
      .has_value();
}

std::optional<TokenRecord> SqlTokens::exchange_code(std::string_view hash, const std::string& token_hash,
                                                    Timestamp now) {
  const auto used = session_.run("UPDATE token_codes SET used = $2 WHERE hash = $1 AND used IS NULL AND expires > $2",
                                 {hash, to_microseconds(now)});
  if (used == 0) return std::nullopt;
  std::string name;
  bool enrolls = false;
  session_.query("SELECT token, enrolls FROM token_codes WHERE hash = $1", {hash}, [&](const SqlRow& row) {
    name = row.text(0);
    enrolls = row.integer(1) != 0;
  });
  return enrolls ? enroll(name, token_hash, now) : add_further(name, token_hash, now);
}

std::optional<TokenRecord> SqlTokens::enroll(const std::string& name, const std::string& token_hash, Timestamp now) {
  TokenRecord token{name, token_hash, "controller", now, std::nullopt, std::nullopt};
  std::string role;
  session_.query("SELECT role, created, expires FROM tokens WHERE name = $1 AND revoked IS NULL", {name},
                 [&](const SqlRow& row) {
                   role = row.text(0);
                   token.created = from_microseconds(row.integer(1));
                   token.expires = optional_time(row, 2);
                 });
  if (role.empty()) {
    insert(token, std::nullopt);
    return token;
  }
  if (role != token.role || (token.expires && *token.expires <= now)) return std::nullopt;
  session_.run("UPDATE tokens SET hash = $2 WHERE name = $1 AND revoked IS NULL", {name, token_hash});
  return token;
}

std::optional<TokenRecord> SqlTokens::add_further(const std::string& name, const std::string& token_hash,
                                                  Timestamp now) {
  std::optional<std::int64_t> parent;
  TokenRecord token{name, token_hash, {}, now, std::nullopt, std::nullopt};
  session_.query("SELECT key, role, expires FROM tokens WHERE name = $1 AND revoked IS NULL", {name},
                 [&](const SqlRow& row) {
                   parent = row.integer(0);
                   token.role = row.text(1);
                   token.expires = optional_time(row, 2);
                 });
  if (!parent || (token.expires && *token.expires <= now)) return std::nullopt;
  // A name that was revoked is not given again: what it did is told by its name.
  for (int number = 2;; ++number) {
    token.name = name + "." + std::to_string(number);
    if (!session_.integer("SELECT key FROM tokens WHERE name = $1 LIMIT 1", {token.name})) break;
  }
  insert(token, parent);
  return token;
}

}  // namespace webmacs
