#pragma once
// The login of one request: its token is found and hashed once, and asked about by every door that the request comes
// to. Network thread only.

#include "server/access/access.h"
#include "server/access/failed_logins.h"
#include "server/http/http_message.h"

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace webmacs {

struct LoginRefusal {
  Denial denial = Denial::missing;
  std::chrono::milliseconds wait{0};  // how long the answer has to wait: too many logins from this address failed
};

class Login {
 public:
  // `access` and `failed_logins` outlive it; of the request nothing is kept but what is needed.
  Login(const Access& access, FailedLogins& failed_logins, const HttpRequest& request);

  // Returns whether a token is presented that no record knows: it may have been made a moment ago.
  bool is_unknown() const { return access_.unknown(hash_); }
  // Returns who it is, when its token has the right, or why not. A token that is wrong, expired or revoked counts as a
  // failed login: asked once for each request.
  std::variant<Identity, LoginRefusal> enter(Right right);
  // Returns why an identity that entered may no longer stay; empty while it may.
  std::optional<Denial> denial_since(const Identity& identity) const;

 private:
  const Access& access_;
  FailedLogins& failed_logins_;
  const std::string hash_;  // empty: no token
  const std::string client_;
};

}  // namespace webmacs
