#pragma once
// The agent as a running program: what polls, buffers and sends is made here and wired together. Signals, reload,
// watchdog and shutdown.

#include "agent/buffer_lock.h"
#include "agent/clock_gate.h"
#include "agent/device_list.h"
#include "agent/outbox.h"
#include "agent/reading_inbox.h"
#include "agent/rig_lines.h"
#include "agent/settings.h"
#include "agent/status_text.h"
#include "agent/uplink.h"
#include "common/watchdog.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>
#include <vector>

namespace webmacs {

class Agent {
 public:
  // Throws std::runtime_error when the buffer is in use by another agent.
  // The clock is the one that the lines' devices stamp with.
  Agent(AgentSettings settings, RigLines::Opener open_lines, std::shared_ptr<RigClock> clock);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Polls, buffers and sends until SIGTERM, SIGINT or stop(). Returns the exit code.
  int run();

  void stop();    // network thread only; as SIGTERM
  void reload();  // network thread only; as SIGHUP
  boost::asio::io_context& io() { return io_; }

 private:
  PollerSink poller_sink();
  ClockGate::Hooks clock_gate_hooks();
  Uplink::Hooks uplink_hooks();
  std::vector<Watchdog::Thread> threads() const;

  void wait_for_signal();
  void apply(AgentSettings settings);
  void device_changed(const DeviceStatus& status);
  void state_changed();
  void give_up();

  AgentSettings settings_;
  BufferLock lock_;
  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_;
  boost::asio::steady_timer stop_timer_;
  Watchdog watchdog_;
  Outbox outbox_;
  ClockGate clock_gate_;
  ReadingInbox inbox_;
  Uplink uplink_;
  DeviceList devices_;
  StatusText status_text_;
  RigLines lines_;     // the last: its threads put into what stands above
  std::string token_;  // as last used, to notice a new one on reload
  bool stopping_ = false;
  bool disk_hangs_ = false;  // the process ends without waiting for it
  int exit_code_ = 0;
};

}  // namespace webmacs
