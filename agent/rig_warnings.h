#pragma once
// What a rig file allows and yet can hardly be meant, for `check`. Looks at the disk for paths, and at no network.

#include "agent/settings.h"

#include <string>
#include <vector>

namespace webmacs {

// Each as a mistake is told: "FILE:LINE: [section] key: what is odd (what would be usual)", in the file's order.
// `settings` are those of the file. Throws ConfigurationError when it cannot be read any more.
std::vector<std::string> rig_warnings(const AgentSettings& settings);

// Secrets that everybody on this machine can read, and the token that stands in the rig file: a sentence for each.
std::vector<std::string> secret_warnings(const AgentSettings& settings);

}  // namespace webmacs
