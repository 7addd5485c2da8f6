#include "hardware/simulator/rig_file.h"

#include "common/ini.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <system_error>
#include <unistd.h>

namespace webmacs {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r";
  const std::size_t first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

// Takes the next line off the text, without its end.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// "device:plc" for "[device:plc] ; comment"; empty for any other line.
std::string_view section_name(std::string_view line) {
  line = trim(line);
  if (line.empty() || line.front() != '[') return {};
  return trim(line.substr(1, line.find(']') - 1));
}

std::string_view key_of(std::string_view line) {
  const std::size_t equals = line.find('=');
  return equals == std::string_view::npos ? std::string_view() : trim(line.substr(0, equals));
}

// The line with another value; what stands left of the value and the comment behind it are kept.
std::string with_value(std::string_view line, std::string_view value) {
  const std::size_t equals = line.find('=');
  std::size_t comment = equals + 1;
  bool quoted = false;
  for (; comment < line.size(); ++comment) {
    const char c = line[comment];
    if (c == '"') quoted = !quoted;
    const char before = line[comment - 1];
    if (!quoted && (c == ';' || c == '#') && (before == ' ' || before == '\t')) break;
  }
  std::string changed = std::string(trim(line.substr(0, equals))) + " = " + std::string(value);
  if (comment < line.size()) changed += "  " + std::string(trim(line.substr(comment)));
  return changed;
}

}  // namespace

std::string read_rig_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || !text) throw ConfigurationError({path + ": cannot be read: " + std::strerror(errno)});
  return text.str();
}

RigSettings parse_rig_file(std::string_view text, const std::string& path) {
  std::string ours;
  bool skipping = false;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (const std::string_view name = section_name(line); !name.empty()) {
      skipping = name == "agent" || name == "hub" || name == "buffer";
    }
    if (!skipping) ours += line;
    ours += '\n';  // line numbers stay those of the file
  }
  const auto file = Ini::parse(ours, path);
  RigSettings rig = read_rig_settings(*file, std::chrono::milliseconds(500));
  file->finish();
  return rig;
}

std::string redirected_rig_file(std::string_view text, const RigSettings& rig,
                                const std::vector<Simulator::Address>& addresses) {
  std::string out;
  const Simulator::Address* address = nullptr;  // of the section that the line is in
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (const std::string_view name = section_name(line); !name.empty()) {
      address = nullptr;
      for (std::size_t i = 0; i < rig.devices.size(); ++i) {
        if (name == "device:" + rig.devices[i].name && (addresses[i].port != 0 || !addresses[i].serial.empty()))
          address = &addresses[i];
      }
    }
    const std::string_view key = key_of(line);
    if (address != nullptr && key == "port") continue;  // written beside the host
    if (address != nullptr && key == "serial" && !address->serial.empty()) {
      out += with_value(line, address->serial) + '\n';
      continue;
    }
    if (address != nullptr && key == "host") {
      out += with_value(line, address->host);
      out += "\nport = " + std::to_string(address->port) + '\n';
      continue;
    }
    out += line;
    out += '\n';
  }
  return out;
}

void write_file_atomically(const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  const auto fail = [&] { throw std::system_error(errno, std::generic_category(), path); };
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) fail();
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      ::close(file);
      ::unlink(beside.c_str());
      fail();
    }
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  ::close(file);
  if (::rename(beside.c_str(), path.c_str()) != 0) fail();
}

}  // namespace webmacs
