#include "common/program.h"

#include "common/ini.h"
#include "unit/capture_stderr.h"

#include <doctest/doctest.h>

#include <iostream>

using namespace webmacs;

TEST_CASE("a program that ends by itself decides on its exit code") {
  CHECK(run_program([] { return exit_ok; }) == 0);
  CHECK(run_program([] { return exit_usage; }) == 2);
}

TEST_CASE("a wrong configuration ends a program with 78, and every mistake is a line") {
  CaptureStderr log;
  CHECK(run_program([]() -> int { throw ConfigurationError({"rig.ini:3: first", "rig.ini:9: second"}); }) == 78);
  std::cerr << std::flush;
  CHECK(log.take() == "rig.ini:3: first\nrig.ini:9: second\n");
}

TEST_CASE("whatever else is thrown ends a program with 1, and is logged") {
  CaptureStderr log;
  CHECK(run_program([]() -> int { throw std::runtime_error("b.db is in use by another agent"); }) == 1);
  CHECK(log.take() == "<3>b.db is in use by another agent\n");
}
