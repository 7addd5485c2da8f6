#pragma once
// Tokens and one-time codes in SQL, the same in both databases. Used by SqlStore, within a transaction where something
// is written.

#include "server/store/records.h"
#include "server/store/sql/sql_session.h"

#include <optional>
#include <string_view>
#include <vector>

namespace webmacs {

class SqlTokens {
 public:
  explicit SqlTokens(SqlSession& session) : session_(session) {}

  // In the order in which they were made, revoked ones included.
  std::vector<TokenRecord> all();
  // Throws StoreConflict when the name is in use.
  void add(const TokenRecord& token);
  // Ends the token, those that links of it gave, and its codes. False when there is no such token.
  bool revoke(std::string_view name, Timestamp when);

  // Forgets those that ended long ago, too.
  void add_code(const TokenCode& code, Timestamp now);
  bool knows_code(std::string_view hash, Timestamp now);
  // Ends the code and returns the token that it gives, with `token_hash`; empty when the code is not known, used or
  // expired, or its token may not enter any more.
  std::optional<TokenRecord> exchange_code(std::string_view hash, const std::string& token_hash, Timestamp now);

 private:
  std::optional<TokenRecord> enroll(const std::string& name, const std::string& token_hash, Timestamp now);
  std::optional<TokenRecord> add_further(const std::string& name, const std::string& token_hash, Timestamp now);
  void insert(const TokenRecord& token, std::optional<std::int64_t> parent);

  SqlSession& session_;
};

}  // namespace webmacs
