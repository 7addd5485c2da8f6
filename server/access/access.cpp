#include "server/access/access.h"

#include "common/sha256.h"

#include <fmt/ranges.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>

namespace webmacs {
namespace {

constexpr std::size_t random_bytes = 32;
constexpr std::size_t code_bytes = 16;
constexpr std::string_view token_prefix = "wm_";

template <std::size_t size>
std::array<unsigned char, size> random_array() {
  std::array<unsigned char, size> random{};
  if (RAND_bytes(random.data(), static_cast<int>(size)) != 1) {
    throw std::runtime_error("no secret was made: the system's random generator failed");
  }
  return random;
}

// Revoked outranks expired: it is what somebody did on purpose.
std::optional<Denial> denial_of(const TokenRecord& record, Timestamp now) {
  if (record.revoked) return Denial::revoked;
  if (record.expires && *record.expires <= now) return Denial::invalid;
  return std::nullopt;
}

}  // namespace

std::optional<Role> parse_role(std::string_view text) {
  if (text == "controller") return Role::controller;
  if (text == "viewer") return Role::viewer;
  if (text == "operator") return Role::operator_;
  if (text == "admin") return Role::admin;
  return std::nullopt;
}

std::string_view to_text(Role role) {
  switch (role) {
    case Role::controller:
      return "controller";
    case Role::viewer:
      return "viewer";
    case Role::operator_:
      return "operator";
    case Role::admin:
      return "admin";
  }
  return "";
}

bool may(Role role, Right right) {
  if (right == Right::hold_token) return true;
  switch (role) {
    case Role::controller:
      return right == Right::push;
    case Role::viewer:
      return right == Right::read;
    case Role::operator_:
      return right == Right::read || right == Right::operate;
    case Role::admin:
      return true;
  }
  return false;
}

std::string_view to_text(Denial denial) {
  switch (denial) {
    case Denial::missing:
      return "Authentication required";
    case Denial::invalid:
      return "Invalid or expired token";
    case Denial::revoked:
      return "Token has been revoked";
    case Denial::not_allowed:
      return "Token not allowed here";
  }
  return "";
}

void Access::replace(std::vector<TokenRecord> tokens) {
  tokens_ = std::move(tokens);
}

// Every record is compared: the time taken tells nothing about which one was nearly right.
const TokenRecord* Access::find(const std::string& hash) const {
  const TokenRecord* found = nullptr;
  for (const TokenRecord& record : tokens_) {
    if (record.hash.size() != hash.size()) continue;
    if (CRYPTO_memcmp(record.hash.data(), hash.data(), hash.size()) == 0) found = &record;
  }
  return found;
}

bool Access::unknown(const std::string& hash) const {
  return !hash.empty() && find(hash) == nullptr;
}

std::variant<Identity, Denial> Access::check(const std::string& hash, Right right, Timestamp now) const {
  if (hash.empty()) return Denial::missing;
  const TokenRecord* found = find(hash);
  if (found == nullptr) return Denial::invalid;
  if (const auto denial = denial_of(*found, now)) return *denial;
  const std::optional<Role> role = parse_role(found->role);
  if (!role) return Denial::invalid;
  if (!may(*role, right)) return Denial::not_allowed;
  return Identity{found->name, *role, hash, found->expires};
}

std::optional<Denial> Access::still_allowed(const Identity& identity, Timestamp now) const {
  for (const TokenRecord& record : tokens_) {
    if (record.hash == identity.hash) return denial_of(record, now);
  }
  return Denial::invalid;
}

std::string make_token() {
  const auto random = random_array<random_bytes>();
  std::array<unsigned char, 4 * ((random_bytes + 2) / 3) + 1> base64{};
  const int length = EVP_EncodeBlock(base64.data(), random.data(), static_cast<int>(random.size()));
  std::string token(token_prefix);
  for (int i = 0; i < length; ++i) {
    const char c = static_cast<char>(base64[static_cast<std::size_t>(i)]);
    if (c == '=') break;
    token += c == '+' ? '-' : c == '/' ? '_' : c;
  }
  return token;
}

std::string token_hash(std::string_view token) {
  return sha256_hex(token);
}

std::string make_code() {
  return fmt::format("{:02x}", fmt::join(random_array<code_bytes>(), ""));
}

}  // namespace webmacs
