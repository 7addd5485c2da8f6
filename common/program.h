#pragma once
// How a program ends (configuration contract, "Exit codes").

#include <functional>

namespace webmacs {

// Runs a program's body and returns its exit code. Of a ConfigurationError every mistake is a line on standard error
// (78); any other exception is logged (1).
int run_program(const std::function<int()>& body);

}  // namespace webmacs
