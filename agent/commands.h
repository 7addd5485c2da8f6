#pragma once
// The verbs of webmacs-agent (configuration contract). Each answers the exit code and prints its result on standard
// output; ConfigurationError and std::runtime_error are the caller's to print.

#include <string>

namespace webmacs {

int run_agent(const std::string& config);

// Validates; prints devices, events, the planned Modbus requests and how busy they make each serial line; touches
// nothing. With `strict` what is warned of is a mistake, which may throw ConfigurationError.
int check_rig(const std::string& config, bool strict);

// Polls every event once, or again and again until SIGINT, and prints a table.
int read_rig(const std::string& config, bool watch);

// What waits in the local buffer; also while the agent runs.
int show_buffer(const std::string& config);

}  // namespace webmacs
