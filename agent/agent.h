#pragma once
// The agent as a running program: pollers on their threads, the outbox and the uplink on the network thread; signals,
// reload, watchdog and shutdown.

#include "agent/buffer_lock.h"
#include "agent/outbox.h"
#include "agent/poller.h"
#include "agent/reading_inbox.h"
#include "agent/settings.h"
#include "agent/uplink.h"
#include "common/watchdog.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

class Agent {
 public:
  // Opens devices for a part of the rig; tests give fakes.
  using LineOpener = std::function<std::vector<Line>(const RigSettings&)>;

  // Throws std::runtime_error when the buffer is in use by another agent.
  explicit Agent(AgentSettings settings, LineOpener open_lines);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Polls, buffers and sends until SIGTERM, SIGINT or stop(). Answers the exit code.
  int run();

  void stop();    // network thread only; as SIGTERM
  void reload();  // network thread only; as SIGHUP
  boost::asio::io_context& io() { return io_; }

 private:
  // The devices of one line with their events, and the poller that runs them.
  struct RunningLine {
    RigSettings part;
    std::unique_ptr<Poller> poller;
  };

  void start_lines(const RigSettings& rig);
  void replace_lines(const RigSettings& rig);
  void update_line(RunningLine& running, RigSettings part);
  void list_devices(const RigSettings& before);
  void stop_lines(std::vector<RunningLine>& lines);
  void apply(AgentSettings settings);
  void device_changed(const DeviceStatus& status);
  StatusFrame status() const;
  std::vector<EventDescription> descriptions() const;
  void wait_for_signal();
  std::vector<Watchdog::Thread> threads() const;
  void give_up();
  void arm_status_text();
  void show_status_text();

  AgentSettings settings_;
  const LineOpener open_lines_;
  BufferLock lock_;
  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_;
  Watchdog watchdog_;
  boost::asio::steady_timer status_text_timer_, stop_timer_;
  Outbox outbox_;
  ReadingInbox inbox_;
  Uplink uplink_;
  std::vector<DeviceStatus> devices_;
  std::vector<RunningLine> lines_;
  std::string token_;  // as last used, to notice a new one on reload
  std::string status_text_;
  bool stopping_ = false;
  bool thread_hangs_ = false;  // in a device or on the disk: the process ends without waiting for it
  int exit_code_ = 0;
};

}  // namespace webmacs
