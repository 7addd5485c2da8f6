#pragma once
// How a program ends (configuration contract, "Exit codes").

#include <functional>

namespace webmacs {

enum ExitCode : int { exit_ok = 0, exit_failure = 1, exit_usage = 2, exit_configuration = 78 };

// Runs a program's body and returns its exit code. Of a ConfigurationError every mistake is a line on standard error
// (78); any other exception is logged (1).
int run_program(const std::function<int()>& body);

}  // namespace webmacs
