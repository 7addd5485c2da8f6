#pragma once
// Secrets of the hub that everybody on its machine can read.

#include "server/settings.h"

#include <string>
#include <vector>

namespace webmacs {

// A sentence for each: the TLS key, the file with PostgreSQL's password, and the server file when it holds one.
std::vector<std::string> secret_warnings(const ServerSettings& settings);

}  // namespace webmacs
