#pragma once
// `webmacs-server backup`: a copy of the store while the hub runs (configuration contract).

#include "server/settings.h"

#include <string>

namespace webmacs {

// As the owner of the store's folder (become_store_owner). Refuses a file that exists, unless `overwrite`. Prints its
// progress where standard error is a terminal, and one line at the end. SIGINT and SIGTERM end it; nothing is left
// behind then. Of a PostgreSQL store it says what to do instead, and fails. Answers the exit code.
int back_up(const ServerSettings& settings, const std::string& output, bool overwrite);

}  // namespace webmacs
