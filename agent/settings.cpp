#include "agent/settings.h"

#include "common/reading.h"
#include "common/secret_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace webmacs {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t mebibyte = 1024 * 1024;
constexpr std::size_t longest_token = 4096;

std::string trimmed(const std::string& text) {
  constexpr const char* blank = " \t\r\n";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// A token travels in an HTTP header: one word of printable ASCII.
bool usable_token(const std::string& token) {
  return !token.empty() && token.size() <= longest_token &&
         std::ranges::all_of(token, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

bool names_a_token(const std::string& target) {
  const auto query = target.find('?');
  if (query == std::string::npos) return false;
  const std::string text = target.substr(query);
  return text.find("?token=") != std::string::npos || text.find("&token=") != std::string::npos;
}

std::string stem_of(const std::string& file) {
  return std::filesystem::path(file).stem().string();
}

void read_agent_section(Ini& file, AgentSettings& settings) {
  IniSection& section = file.section("agent");
  settings.name = section.text("name", stem_of(settings.file));
  if (!valid_event_public_id(settings.name)) {
    section.mistake("name", "'" + settings.name + "' cannot be used as a name" +
                                (section.has("name") ? "" : ", and it is the file's name") +
                                " (1-100 characters of A-Z a-z 0-9 . _ : -)");
  }
  settings.poll_interval = section.duration("poll_interval", settings.poll_interval, 10ms, 86400s);
  settings.wait_for_clock = section.choice("clock", "wait", {"wait", "trust"}) == "wait";
}

void read_hub_section(Ini& file, HubSettings& hub, const std::string& stem) {
  IniSection& section = file.section("hub");
  hub.url_text = section.text("url", hub.url_text);
  if (const auto url = parse_websocket_url(hub.url_text)) {
    hub.url = *url;
    if (names_a_token(hub.url.target)) section.mistake("url", "holds a token (put it into the token_file)");
  } else {
    section.mistake("url", "'" + hub.url_text + "' is not a hub's address (ws://HOST[:PORT]/PATH or wss://…)");
  }
  hub.token = section.text("token");
  if (section.has("token") && !usable_token(hub.token)) section.mistake("token", "is not a token (wm_…, one word)");
  hub.token_file_given = section.has("token_file");
  hub.token_file = section.text("token_file", "/etc/webmacs/rigs/" + stem + ".token");
  if (hub.token_file_given && hub.token_file.empty()) section.mistake("token_file", "is empty (a file's path)");
  if (hub.token_file_given && !hub.token.empty())
    section.mistake("token", "and token_file are both given (one of them)");
  hub.ca_file = section.text("ca_file");
  if (!hub.ca_file.empty() && !std::ifstream(hub.ca_file)) {
    section.mistake("ca_file",
                    "'" + hub.ca_file + "' cannot be read (a PEM file, or empty for the system's trust store)");
  }
  hub.max_batch = static_cast<std::size_t>(section.integer("max_batch", 500, 1, 500));
  hub.batch_interval = section.duration("batch_interval", 0us, 0us, 60s);
}

void read_buffer_section(Ini& file, BufferSettings& buffer, const std::string& stem) {
  IniSection& section = file.section("buffer");
  buffer.path = section.text("path", "/var/lib/webmacs/agent/" + stem + ".db");
  if (buffer.path.empty() || buffer.path.back() == '/') section.mistake("path", "is no file's path (a file's path)");
  buffer.max_size = section.size("max_size", buffer.max_size, mebibyte, mebibyte * mebibyte);
  buffer.drop_oldest = section.choice("when_full", "drop_oldest", {"drop_oldest", "drop_newest"}) == "drop_oldest";
  buffer.spill_after = section.duration("spill_after", buffer.spill_after, 0us, 3600s);
}

AgentSettings read(Ini& file) {
  AgentSettings settings;
  settings.file = file.file();
  const std::string stem = stem_of(settings.file);
  read_agent_section(file, settings);
  read_hub_section(file, settings.hub, stem);
  read_buffer_section(file, settings.buffer, stem);
  settings.rig = read_rig_settings(file, settings.poll_interval);
  file.finish();
  return settings;
}

TokenLookup read_token_file(const std::string& path) {
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::string text(longest_token + 2, '\0');
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (const auto problem = denied(path); !problem.empty()) {
    return {"", problem + ", or let the agent's user read it", true};
  }
  if (!stream.is_open() || stream.bad()) {
    return {"", path + " cannot be read: " + (errno != 0 ? std::strerror(errno) : "input error")};
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  const std::string token = trimmed(text);
  if (token.empty()) return {"", path + " is empty"};
  if (!usable_token(token)) return {"", path + " holds no token (one line, wm_…)"};
  return {token, ""};
}

}  // namespace

AgentSettings load_agent_settings(const std::string& path) {
  return read(*Ini::load(path));
}

AgentSettings parse_agent_settings(std::string_view text, const std::string& file) {
  return read(*Ini::parse(text, file));
}

TokenLookup find_token(const HubSettings& hub) {
  if (!hub.token.empty()) return {hub.token, ""};
  TokenLookup file = read_token_file(hub.token_file);
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  TokenLookup credential = folder != nullptr ? read_token_file(std::string(folder) + "/token") : TokenLookup{};
  // A path that somebody wrote down counts more than the unit's credential; the default path counts less.
  const bool file_first = hub.token_file_given || credential.token.empty();
  if (file_first && !file.token.empty()) return file;
  if (!credential.token.empty()) return credential;
  if (file.denied) return file;
  return {"", "no token: " + file.problem +
                  "; make one on the hub with `webmacs-server token create --config SERVER.ini --name NAME --role "
                  "controller` and put it into that file"};
}

}  // namespace webmacs
