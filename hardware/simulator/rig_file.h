#pragma once
// The rig file as the simulator needs it: only its devices and events, and a copy that points at other addresses.

#include "hardware/simulator/simulator.h"

#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

// Throws ConfigurationError when it cannot be read.
std::string read_rig_file(const std::string& path);

// Throws ConfigurationError with every mistake in the [device:…] and [event:…] sections. The sections that are the
// agent's alone ([agent], [hub], [buffer]) are not looked at: the agent checks them.
RigSettings parse_rig_file(std::string_view text, const std::string& path);

// The file with each device's host and port, or serial port, replaced (`addresses` as of Simulator::addresses());
// everything else, comments included, stays as it is.
std::string redirected_rig_file(std::string_view text, const RigSettings& rig,
                                const std::vector<Simulator::Address>& addresses);

// Writes beside the file and renames, so that whoever sees the file sees all of it. Throws std::system_error.
void write_file_atomically(const std::string& path, std::string_view text);

}  // namespace webmacs
