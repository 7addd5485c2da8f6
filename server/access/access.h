#pragma once
// Tokens and roles: who may enter where (contract, "Authentication"). Network thread only.

#include "server/store/store.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace webmacs {

enum class Role { controller, viewer, operator_, admin };

std::optional<Role> parse_role(std::string_view text);
std::string_view to_text(Role role);

enum class Right { hold_token, push, read, operate, administer };
// Every role: hold_token. controller: push; viewer: read; operator: read and operate; admin: all.
bool may(Role role, Right right);

struct Identity {
  std::string name;  // the token's name; a controller's name
  Role role = Role::viewer;
  std::string hash;                       // names the token without giving it away
  std::optional<Timestamp> expires = {};  // empty: never
};

enum class Denial { missing, invalid, revoked, not_allowed };
// The close reason of the contract: "Authentication required", "Invalid or expired token", …
std::string_view to_text(Denial denial);

class Access {
 public:
  // Takes the store's tokens as they are now.
  void replace(std::vector<TokenRecord> tokens);

  // `hash` is the presented token's; empty: missing. Hashes are compared in constant time.
  std::variant<Identity, Denial> check(const std::string& hash, Right right, Timestamp now) const;

  // Returns whether a token is presented that no record knows.
  bool unknown(const std::string& hash) const;

  // Why an identity that entered earlier may no longer stay; empty while it may.
  std::optional<Denial> still_allowed(const Identity& identity, Timestamp now) const;

 private:
  const TokenRecord* find(const std::string& hash) const;

  std::vector<TokenRecord> tokens_;
};

// "wm_" + 43 base64url characters: 32 random bytes of the system's generator.
std::string make_token();
std::string token_hash(std::string_view token);
// A one-time code: 32 hexadecimal digits, 16 random bytes. Kept as its token_hash().
std::string make_code();

}  // namespace webmacs
