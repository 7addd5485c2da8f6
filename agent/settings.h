#pragma once
// The rig file as the agent reads it: [agent], [hub] and [buffer], beside the devices and events of hardware/
// (configuration contract). Used at start and on SIGHUP.

#include "common/websocket/client.h"
#include "hardware/rig_settings.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace webmacs {

struct HubSettings {
  std::string url_text = "ws://localhost:8000/ws/controller/telemetry";
  WebSocketUrl url;
  std::string token;       // literal; empty unless given
  std::string token_file;  // given, or /etc/webmacs/rigs/<file stem>.token
  bool token_file_given = false;
  std::string ca_file;  // wss: empty for the system's trust store
  std::size_t max_batch = 500;
  std::chrono::microseconds batch_interval{0};
  bool operator==(const HubSettings&) const = default;
};

struct BufferSettings {
  std::string path;                                         // default: /var/lib/webmacs/agent/<file stem>.db
  std::int64_t max_size = std::int64_t{512} * 1024 * 1024;  // database and WAL together
  bool drop_oldest = true;                                  // else the newest
  std::chrono::microseconds spill_after = std::chrono::seconds(1);
  bool operator==(const BufferSettings&) const = default;
};

struct AgentSettings {
  std::string file;
  std::string name;
  std::chrono::microseconds poll_interval = std::chrono::milliseconds(500);
  bool wait_for_clock = true;  // until the system's clock is known to be right
  HubSettings hub;
  BufferSettings buffer;
  RigSettings rig;
};

// Throw ConfigurationError with every mistake of the file. `file` names the text in mistakes and gives the defaults.
AgentSettings load_agent_settings(const std::string& path);
AgentSettings parse_agent_settings(std::string_view text, const std::string& file);

// The token as it can be had now: the literal one, a readable token_file, the systemd credential `token`. A missing one
// is no configuration mistake (the agent buffers meanwhile): then `token` is empty and `problem` says what to do.
struct TokenLookup {
  std::string token;
  std::string problem;
  bool denied = false;  // there may be one, and this user may not read it
};
TokenLookup find_token(const HubSettings& hub);

}  // namespace webmacs
