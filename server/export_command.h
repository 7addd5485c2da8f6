#pragma once
// webmacs-server export (configuration contract): what REST exports, without a hub, of an experiment or of any
// interval.

#include "server/settings.h"

#include <string>
#include <vector>

namespace webmacs {

struct ExportArguments {
  std::string experiment;           // either this …
  std::string from, to;             // … or both of these, RFC 3339
  std::vector<std::string> events;  // empty: all
  std::string shape = "long";
  std::string output;  // empty: standard output
};

// Answers the exit code. An export that does not come to its end leaves no file behind, and an older one as it was.
int export_csv(const ServerSettings& settings, const ExportArguments& arguments);

}  // namespace webmacs
