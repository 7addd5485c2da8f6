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

#include <cerrno>
#include <filesystem>
#include <grp.h>
#include <iostream>
#include <stdexcept>
#include <unistd.h>
#include <utility>

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

constexpr std::chrono::minutes code_lifetime{10};
constexpr std::size_t longest_linked_name = 90;  // its tokens are called NAME.2, NAME.3, …

std::unique_ptr<Store> open(const ServerSettings& settings) {
  return open_store(settings.start.store_url, settings.start.store_password_file);
}

// The record of a token with this text; says what is wrong on standard error when there can be none.
std::optional<TokenRecord> new_token(const std::string& name, const std::string& role, const std::string& expires,
                                     const std::string& text) {
  if (!valid_name(name)) {
    std::cerr << "--name: '" << name << "' is no name (1-100 characters of A-Z a-z 0-9 . _ : -)\n";
    return std::nullopt;
  }
  if (!parse_role(role)) {
    std::cerr << "--role: '" << role << "' is no role (controller, viewer, operator, admin)\n";
    return std::nullopt;
  }
  TokenRecord record{name, token_hash(text), role, utc_now(), std::nullopt, std::nullopt};
  if (expires.empty()) return record;
  const auto duration = parse_duration_with_unit(expires);
  if (!duration || duration->count() <= 0 || !valid_timestamp(record.created + *duration)) {
    std::cerr << "--expires: '" << expires << "' is no duration with its unit (90d, 12h, 30min)\n";
    return std::nullopt;
  }
  record.expires = record.created + *duration;
  return record;
}

// The token of this name that may still enter.
std::optional<TokenRecord> valid_token(Store& store, const std::string& name) {
  const Timestamp now = utc_now();
  for (const auto& token : store.tokens()) {
    if (token.name == name && state_of(token, now) == "valid") return token;
  }
  return std::nullopt;
}

std::string add_code(Store& store, const std::string& token, bool enrolls) {
  std::string code = make_code();
  const Timestamp now = utc_now();
  store.add_code({token_hash(code), token, enrolls, now + code_lifetime}, now);
  return code;
}

// Where a browser finds the dashboard.
std::string address_of(const ServerSettings& settings, std::string url) {
  while (url.ends_with('/')) url.pop_back();
  if (!url.empty()) return url;
  std::string host = settings.start.listen_host;
  if (host == "0.0.0.0" || host == "::") {
    char name[256] = "localhost";
    gethostname(name, sizeof name - 1);
    host = name;
  }
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return fmt::format("{}://{}:{}", settings.live.certificate_file.empty() ? "http" : "https", host,
                     settings.start.listen_port);
}

struct StoreOwner {
  std::string folder;
  uid_t user;
  gid_t group;
};

// Who is not root may lack the right to a store that is there: SQLite would say that it cannot be opened.
void require_access(const std::string& folder, const std::string& file) {
  const auto forbidden = [](const std::string& path, int rights) {
    return access(path.c_str(), rights) != 0 && errno == EACCES;
  };
  for (const auto& [path, rights] : {std::pair(folder, W_OK | X_OK), std::pair(file, R_OK | W_OK)}) {
    if (forbidden(path, rights)) throw std::runtime_error(path + ": permission denied; run with sudo");
  }
}

// Whom root is to become; empty when it need not, or is somebody else already.
std::optional<StoreOwner> store_owner(const ServerSettings& settings) {
  const StoreUrl url = parse_store_url(settings.start.store_url);
  const auto* sqlite = std::get_if<SqliteUrl>(&url);
  if (sqlite == nullptr) return std::nullopt;
  const std::filesystem::path file(sqlite->path);
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (geteuid() != 0) {
    require_access(folder.string(), file.string());
    return std::nullopt;
  }
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
  const auto text = make_token();
  const auto record = new_token(name, role, expires, text);
  if (!record) return exit_usage;
  open(settings)->add_token(*record);
  std::cout << text << std::endl;
  return exit_ok;
}

int link_token(const ServerSettings& settings, const std::string& name, const std::string& role,
               const std::string& expires, const std::string& url) {
  const auto store = open(settings);
  const auto present = valid_token(*store, name);
  if (present && !role.empty() && present->role != role) {
    std::cerr << "--role: the token '" << name << "' is there, with the role " << present->role << '\n';
    return exit_usage;
  }
  if (!present && role.empty()) {
    std::cerr << "there is no valid token named '" << name << "'; --role viewer (operator, admin) makes it\n";
    return exit_failure;
  }
  if ((present ? present->role : role) == to_text(Role::controller)) {
    std::cerr << "a controller does not sign in; for its token: webmacs-server token enroll " << name << '\n';
    return exit_usage;
  }
  if (name.size() > longest_linked_name) {
    std::cerr << "--name: '" << name << "' is too long for a link (" << longest_linked_name << " characters)\n";
    return exit_usage;
  }
  if (!present) {
    // Its own text is nobody's: only links give texts.
    const auto record = new_token(name, role, expires, make_token());
    if (!record) return exit_usage;
    store->add_token(*record);
  }
  const std::string code = add_code(*store, name, false);
  std::cout << code << '\n' << address_of(settings, url) << "/#code=" << code << std::endl;
  std::cerr << "The address signs in once, within 10 minutes.\n";
  return exit_ok;
}

int enroll_token(const ServerSettings& settings, const std::string& name) {
  const auto store = open(settings);
  const auto present = valid_token(*store, name);
  if (!valid_name(name) || (present && present->role != to_text(Role::controller))) {
    std::cerr << "'" << name << "' is no controller's name"
              << (present ? ": its token has the role " + present->role : "") << '\n';
    return exit_usage;
  }
  std::cout << add_code(*store, name, true) << std::endl;
  std::cerr << "The code is good once, within 10 minutes; the present token of '" << name
            << "' ends when it is used.\n";
  return exit_ok;
}

int list_tokens(const ServerSettings& settings) {
  const Timestamp now = utc_now();
  std::cout << fmt::format("{:<24} {:<11} {:<8} {:<25} {}\n", "NAME", "ROLE", "STATE", "CREATED", "EXPIRES");
  for (const auto& token : open(settings)->tokens()) {
    std::cout << fmt::format("{:<24} {:<11} {:<8} {:<25} {}\n", token.name, token.role, state_of(token, now),
                             format_timestamp(token.created), token.expires ? format_timestamp(*token.expires) : "-");
  }
  return exit_ok;
}

int revoke_token(const ServerSettings& settings, const std::string& name) {
  if (open(settings)->revoke_token(name, utc_now())) return exit_ok;
  std::cerr << "there is no valid token named '" << name << "'\n";
  return exit_failure;
}

}  // namespace webmacs
