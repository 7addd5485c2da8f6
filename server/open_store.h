#pragma once
// Opens the store that `[store] url` names: the one place that knows all kinds of stores.

#include "server/store/store.h"
#include "server/store/store_damage.h"

#include <memory>
#include <string>

namespace webmacs {

// `url` as in store_url.h; the password of a PostgreSQL role may stand in the first line of `password_file` instead.
// Creates and migrates the schema. Throws StoreError with a text that names what cannot be opened and what to do about
// it (not writable, newer schema, no database, wrong password). Any thread.
// The first line of the file; empty where there is none. Throws StoreError.
std::string store_password(const std::string& password_file);

// `damage`: is told of what turns out to be damaged; null where nobody asks.
std::unique_ptr<Store> open_store(const std::string& url, const std::string& password_file = {},
                                  std::shared_ptr<StoreDamage> damage = nullptr);

}  // namespace webmacs
