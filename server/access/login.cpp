#include "server/access/login.h"

#include "common/timestamp.h"
#include "server/access/credentials.h"

namespace webmacs {
namespace {

std::string hash_of_token(const HttpRequest& request) {
  const std::string token = presented_token(request);
  return token.empty() ? std::string() : token_hash(token);
}

}  // namespace

Login::Login(const Access& access, FailedLogins& failed_logins, const HttpRequest& request)
    : access_(access), failed_logins_(failed_logins), hash_(hash_of_token(request)), client_(request.client) {}

std::variant<Identity, LoginRefusal> Login::enter(Right right) {
  auto verdict = access_.check(hash_, right, utc_now());
  if (auto* identity = std::get_if<Identity>(&verdict)) return std::move(*identity);
  LoginRefusal refusal{std::get<Denial>(verdict)};
  if (refusal.denial == Denial::invalid || refusal.denial == Denial::revoked) {
    refusal.wait = failed_logins_.failed(client_, std::chrono::steady_clock::now());
  }
  return refusal;
}

std::optional<Denial> Login::denial_since(const Identity& identity) const {
  return access_.still_allowed(identity, utc_now());
}

}  // namespace webmacs
