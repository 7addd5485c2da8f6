#pragma once
// One HTTP request to a hub, for a command that waits for it.

#include "common/websocket/client.h"

#include <optional>
#include <string>
#include <string_view>

namespace webmacs {

struct HubAnswer {
  int status = 0;
  std::string body;
};

// The hub's address as people write it: "https://hub.lab", "http://hub.lab:8000/webmacs", or the rig file's ws:// url.
// `target` is the path that the hub lies at, without a slash at its end. Empty when it is no such address.
std::optional<WebSocketUrl> parse_hub_address(std::string_view text);

// Posts `json` to `path` below the hub's. Blocks, for 20 s at most. Throws std::runtime_error that says what failed, a
// certificate that is not to be trusted included.
HubAnswer post_to_hub(const WebSocketUrl& hub, const std::string& ca_file, const std::string& path,
                      const std::string& json);

}  // namespace webmacs
