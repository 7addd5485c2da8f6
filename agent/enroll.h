#pragma once
// `webmacs-agent enroll`: a one-time code becomes the rig's token file (configuration contract).

#include <string>

namespace webmacs {

struct EnrollArguments {
  std::string config;  // the rig file, which names the token file
  std::string hub;     // "https://hub.lab"; empty: the rig file's
  std::string code;    // of `webmacs-server token enroll NAME`
};

// Gets the token and writes the file that the rig's unit uses: whole or not at all, for its former owner and with its
// former mode, else for nobody but who runs this. Returns the exit code; ConfigurationError and std::runtime_error are
// the caller's to print.
int enroll(const EnrollArguments& arguments);

}  // namespace webmacs
