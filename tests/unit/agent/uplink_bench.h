#pragma once
// An uplink between an outbox and a scripted hub, with short times.

#include "agent/uplink.h"
#include "scripted_hub.h"

#include <memory>
#include <string>

namespace webmacs::agent_tests {

inline UplinkTiming quick_uplink() {
  UplinkTiming timing;
  timing.first_backoff = 20ms;
  timing.longest_backoff = 50ms;
  timing.restart_spread = 100ms;
  timing.refused_least = 400ms;
  timing.refused_most = 500ms;
  timing.no_token = 50ms;
  timing.connect_timeout = 500ms;
  timing.connected_timeout = 150ms;
  timing.heartbeat_interval = 50ms;
  timing.heartbeat_timeout = 100ms;
  return timing;
}

inline OutboxLimits quick_uplink_limits() {
  OutboxLimits limits;
  limits.live_age = 300ms;
  return limits;
}

struct UplinkBench {
  explicit UplinkBench(UplinkTiming timing = quick_uplink()) : hub(io) { start(timing); }
  UplinkBench(std::int64_t backlog, std::size_t credit) : hub(io) {
    hub.credit = credit;
    {
      Outbox before(io, buffer());
      before.add(numbered_range(1'000'000, backlog));
      before.flush_and_close();
    }
    start(quick_uplink());
  }
  ~UplinkBench() { outbox->flush_and_close(); }

  BufferSettings buffer() const {
    BufferSettings settings;
    settings.path = folder.file("b.db");
    settings.max_size = 64 * 1024 * 1024;
    settings.spill_after = 200ms;
    return settings;
  }
  HubSettings hub_settings() const {
    HubSettings settings;
    settings.url_text = hub.url();
    settings.url = *parse_websocket_url(settings.url_text);
    settings.token = "wm_test";
    return settings;
  }
  void start(UplinkTiming timing) {
    outbox = std::make_unique<Outbox>(io, buffer(), quick_uplink_limits());
    uplink = std::make_unique<Uplink>(
        io, hub_settings(), *outbox,
        Uplink::Hooks{
            [] {
              return std::vector<EventDescription>{{"evt_a", "Inlet", "analog", "°C", 0.0, 200.0, 0.5, {}, "plc"}};
            },
            [this] {
              StatusFrame status;
              status.agent = "rig1";
              status.backlog = outbox->status().backlog;
              return status;
            },
            [](Timestamp) {}, [this] { ++report_alls; }, [] {}},
        timing);
    outbox->on_ready([this] { uplink->pump(); });
  }
  bool connect() {
    uplink->start();
    return run_until(io, [this] { return uplink->connected(); });
  }

  TemporaryFolder folder;
  boost::asio::io_context io;
  ScriptedHub hub;
  std::unique_ptr<Outbox> outbox;
  int report_alls = 0;
  std::unique_ptr<Uplink> uplink;
};

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace webmacs::agent_tests
