#include "server/export_command.h"

#include "common/program.h"
#include "unit/server/captured_stream.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <iostream>
#include <string>

using namespace webmacs;
using namespace webmacs::testing;

TEST_CASE("arguments that do not fit together are a usage error that says which, before anything is opened") {
  struct Case {
    std::string experiment, from, to, complaint;
  };
  const std::string day = "2025-01-15T00:00:00Z";
  const std::string next_day = "2025-01-16T00:00:00Z";
  const std::string either = "export: give either --experiment, or --from and --to\n";
  for (const Case& wrong :
       {Case{"", "", "", either}, Case{"exp_a", day, next_day, either}, Case{"exp_a", day, "", either},
        Case{"", day, "", either}, Case{"", "", day, either},
        Case{"", "yesterday", day, "--from: 'yesterday' is no RFC 3339 time (2025-01-15T14:32:10Z)\n"},
        Case{"", day, "2025-01-15", "--to: '2025-01-15' is no RFC 3339 time (2025-01-15T14:32:10Z)\n"},
        Case{"", day, day, "--to: it is not after --from\n"},
        Case{"", next_day, day, "--to: it is not after --from\n"}}) {
    CAPTURE(wrong.complaint);
    CAPTURE(wrong.from);
    ExportArguments arguments;
    arguments.experiment = wrong.experiment;
    arguments.from = wrong.from;
    arguments.to = wrong.to;
    arguments.output = "/nonexistent/out.csv";
    const CapturedStream said(std::cerr);
    CHECK(export_csv(ServerSettings(), arguments) == exit_usage);
    CHECK(said.text() == wrong.complaint);
  }
}
