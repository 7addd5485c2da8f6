#pragma once
// The verbs of webmacs-server that work on the store beside a running hub (configuration contract).

#include "server/settings.h"

#include <string>

namespace webmacs {

// Root leaves no root-owned files behind: becomes the owner of the store's folder. Throws std::runtime_error, also when
// somebody else may not use the store.
void become_store_owner(const ServerSettings& settings);

// The same for a while, for a command whose output is the caller's. Throws std::runtime_error.
class AsStoreOwner {
 public:
  explicit AsStoreOwner(const ServerSettings& settings);
  ~AsStoreOwner();
  AsStoreOwner(const AsStoreOwner&) = delete;
  AsStoreOwner& operator=(const AsStoreOwner&) = delete;

 private:
  bool changed_ = false;
};

// Prints the token once. `expires`: "90d" from now, empty for never.
int create_token(const ServerSettings& settings, const std::string& name, const std::string& role,
                 const std::string& expires);
// Prints a one-time code, good for 10 minutes, and below it the address that signs in with it. Makes the token NAME
// with `role` and `expires` where there is none. `url`: where people reach the hub; empty: where it listens.
int link_token(const ServerSettings& settings, const std::string& name, const std::string& role,
               const std::string& expires, const std::string& url);
// Prints a one-time code, good for 10 minutes, for `webmacs-agent enroll`.
int enroll_token(const ServerSettings& settings, const std::string& name);
int list_tokens(const ServerSettings& settings);
int revoke_token(const ServerSettings& settings, const std::string& name);

}  // namespace webmacs
