#pragma once
// The command `store`: what the record holds, and how long it has room (configuration contract).

#include "server/settings.h"

namespace webmacs {

// Prints it as lines, or as one JSON object. Returns the exit code; throws StoreError.
int show_store(const ServerSettings& settings, bool json);

}  // namespace webmacs
