#include "server/commands.h"

#include "common/ini.h"
#include "common/program.h"
#include "common/timestamp.h"
#include "server/access/access.h"
#include "server/open_store.h"
#include "server/store/store.h"
#include "server/store/store_url.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <grp.h>
#include <iostream>
#include <stdexcept>
#include <unistd.h>

namespace webmacs {
namespace {

// A token's name is a controller's name too: the same characters as an event's id.
bool valid_name(const std::string& name) {
  return valid_event_public_id(name);
}

std::string state_of(const TokenRecord& token, Timestamp now) {
  if (token.revoked) return "revoked";
  return token.expires && *token.expires <= now ? "expired" : "valid";
}

struct StoreOwner {
  std::string folder;
  uid_t user;
  gid_t group;
};

// Whom root is to become; empty when it need not, or is somebody else already.
std::optional<StoreOwner> store_owner(const ServerSettings& settings) {
  if (geteuid() != 0) return std::nullopt;
  const StoreUrl url = parse_store_url(settings.start.store_url);
  const auto* sqlite = std::get_if<SqliteUrl>(&url);
  if (sqlite == nullptr) return std::nullopt;
  const std::filesystem::path file(sqlite->path);
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0 || status.st_uid == 0) return std::nullopt;  // opening it says what is wrong
  return StoreOwner{folder.string(), status.st_uid, status.st_gid};
}

}  // namespace

void become_store_owner(const ServerSettings& settings) {
  const auto owner = store_owner(settings);
  if (!owner) return;
  if (setgroups(0, nullptr) != 0 || setgid(owner->group) != 0 || setuid(owner->user) != 0) {
    throw std::runtime_error("cannot become the owner of " + owner->folder);
  }
}

AsStoreOwner::AsStoreOwner(const ServerSettings& settings) {
  const auto owner = store_owner(settings);
  if (!owner) return;
  if (setgroups(0, nullptr) != 0 || setegid(owner->group) != 0 || seteuid(owner->user) != 0) {
    throw std::runtime_error("cannot become the owner of " + owner->folder);
  }
  changed_ = true;
}

AsStoreOwner::~AsStoreOwner() {
  if (!changed_) return;
  if (seteuid(0) != 0 || setegid(getgid()) != 0) std::terminate();
}

int create_token(const ServerSettings& settings, const std::string& name, const std::string& role,
                 const std::string& expires) {
  if (!valid_name(name)) {
    std::cerr << "--name: '" << name << "' is no name (1-100 characters of A-Z a-z 0-9 . _ : -)\n";
    return exit_usage;
  }
  if (!parse_role(role)) {
    std::cerr << "--role: '" << role << "' is no role (controller, viewer, operator, admin)\n";
    return exit_usage;
  }
  const auto token = make_token();
  TokenRecord record{name, token_hash(token), role, utc_now(), std::nullopt, std::nullopt};
  if (!expires.empty()) {
    const auto duration = parse_duration_with_unit(expires);
    if (!duration || duration->count() <= 0 || !valid_timestamp(record.created + *duration)) {
      std::cerr << "--expires: '" << expires << "' is no duration with its unit (90d, 12h, 30min)\n";
      return exit_usage;
    }
    record.expires = record.created + *duration;
  }
  open_store(settings.start.store_url, settings.start.store_password_file)->add_token(record);
  std::cout << token << std::endl;
  return exit_ok;
}

int list_tokens(const ServerSettings& settings) {
  const Timestamp now = utc_now();
  std::cout << fmt::format("{:<24} {:<11} {:<8} {:<25} {}\n", "NAME", "ROLE", "STATE", "CREATED", "EXPIRES");
  for (const auto& token : open_store(settings.start.store_url, settings.start.store_password_file)->tokens()) {
    std::cout << fmt::format("{:<24} {:<11} {:<8} {:<25} {}\n", token.name, token.role, state_of(token, now),
                             format_timestamp(token.created), token.expires ? format_timestamp(*token.expires) : "-");
  }
  return exit_ok;
}

int revoke_token(const ServerSettings& settings, const std::string& name) {
  if (open_store(settings.start.store_url, settings.start.store_password_file)->revoke_token(name, utc_now()))
    return exit_ok;
  std::cerr << "there is no valid token named '" << name << "'\n";
  return exit_failure;
}

}  // namespace webmacs
