#include "agent/agent.h"

#include "agent/rig_warnings.h"
#include "agent/self_description.h"
#include "common/log.h"
#include "common/program.h"
#include "common/service_manager.h"
#include "common/signals.h"
#include "common/timestamp.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace webmacs {

namespace {

using namespace std::chrono_literals;

constexpr auto close_patience = 2500ms;  // for the hub's close frame
constexpr auto whole_stop = 4500ms;      // the disk may have taken its time before

}  // namespace

Agent::Agent(AgentSettings settings, RigLines::Opener open_lines, std::shared_ptr<RigClock> clock)
    : settings_(std::move(settings)),
      lock_(settings_.buffer.path),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      stop_timer_(io_),
      watchdog_(
          io_, [this] { return threads(); }, [this] { give_up(); }),
      outbox_(io_, settings_.buffer),
      clock_gate_(io_, std::move(clock), settings_.buffer.path + ".waiting", settings_.buffer.spill_after,
                  clock_gate_hooks()),
      inbox_(io_, [this](std::vector<Reading> readings) { clock_gate_.add(std::move(readings)); }),
      uplink_(io_, settings_.hub, outbox_, uplink_hooks()),
      status_text_(io_,
                   [this] {
                     return status_text(settings_.rig.events.size(), devices_.all(), uplink_.state(),
                                        outbox_.status()) +
                            clock_gate_.status();
                   }),
      lines_(std::move(open_lines), poller_sink()),
      token_(find_token(settings_.hub).token) {
  outbox_.on_ready([this] { uplink_.pump(); });
  outbox_.on_changed([this] { state_changed(); });
}

PollerSink Agent::poller_sink() {
  return {
      .readings = [this](std::vector<Reading> readings) { inbox_.put(std::move(readings)); },
      .device_changed =
          [this](const DeviceStatus& status) { boost::asio::post(io_, [this, status] { device_changed(status); }); }};
}

ClockGate::Hooks Agent::clock_gate_hooks() {
  return {.pass = [this](std::vector<Reading> readings,
                         ClockGate::Steady received) { outbox_.add(std::move(readings), received); },
          .event_public_ids =
              [this] {
                std::vector<std::string> ids;
                for (const EventSettings& event : settings_.rig.events) ids.push_back(event.event_public_id);
                return ids;
              },
          .report_all = [this] { lines_.report_all(); },
          .changed = [this] { status_text_.refresh(); }};
}

Uplink::Hooks Agent::uplink_hooks() {
  return {.descriptions = [this] { return describe_events(settings_.rig); },
          .status = [this] { return describe_agent(settings_.name, devices_.all(), outbox_.status(), utc_now()); },
          .hub_time = [this](Timestamp time) { clock_gate_.hear_hub(time); },
          .report_all = [this] { lines_.report_all(); },
          .state_changed = [this] { status_text_.refresh(); }};
}

int Agent::run() {
  for (const std::string& warning : secret_warnings(settings_)) log_warning("[hub] {}", warning);
  wait_for_signal();
  lines_.start(settings_.rig);
  devices_.replace({}, lines_.polled());
  clock_gate_.start();
  uplink_.start();
  watchdog_.start();
  unblock_service_signals();
  log_info("{}: polling {} events of {} devices; hub {}:{}; buffer {}", settings_.name, settings_.rig.events.size(),
           settings_.rig.devices.size(), settings_.hub.url.host, settings_.hub.url.port, settings_.buffer.path);
  notify_ready();
  status_text_.start();
  io_.run();
  // Waiting for a thread that hangs would be for ever; what could be saved is on disk.
  if (disk_hangs_ || lines_.left_a_thread()) std::_Exit(exit_code_);
  return exit_code_;
}

void Agent::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& ec, int signal) {
    if (ec) return;
    wait_for_signal();
    if (signal == SIGHUP) {
      reload();
    } else {
      stop();
    }
  });
}

void Agent::stop() {
  if (stopping_) {
    log_info("stopping already");
    return;
  }
  stopping_ = true;
  const auto begun = std::chrono::steady_clock::now();
  log_info("stopping: what the hub has not acknowledged goes to {}", settings_.buffer.path);
  notify_stopping();
  watchdog_.stop();
  status_text_.stop();
  lines_.stop();
  inbox_.deliver_now();
  clock_gate_.stop();
  const Outbox::Flushed flushed = outbox_.flush_and_close();
  if (flushed != Outbox::Flushed::all) exit_code_ = exit_failure;
  disk_hangs_ = flushed == Outbox::Flushed::disk_hangs;
  stop_timer_.expires_at(std::min(std::chrono::steady_clock::now() + close_patience, begun + whole_stop));
  stop_timer_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec) io_.stop();
  });
  uplink_.stop([this] { io_.stop(); });
}

void Agent::reload() {
  if (stopping_) return;
  notify_reloading();
  try {
    apply(load_agent_settings(settings_.file));
    log_info("{} was read again and is in force", settings_.file);
  } catch (const ConfigurationError& error) {
    for (const std::string& mistake : error.mistakes()) log_error("{}", mistake);
    log_error("{} was read again and refused: the old configuration stays in force", settings_.file);
  }
  notify_ready();
}

void Agent::apply(AgentSettings settings) {
  if (settings.buffer != settings_.buffer) {
    log_warning("[buffer] changed: that takes effect with the next restart");
    settings.buffer = settings_.buffer;
  }
  if (settings.wait_for_clock != settings_.wait_for_clock) {
    log_warning("[agent] clock changed: that takes effect with the next restart");
  }
  const RigSettings before = lines_.polled();
  lines_.replace(settings.rig);
  devices_.replace(before, lines_.polled());
  const std::string token = find_token(settings.hub).token;
  const bool other_hub = settings.hub != settings_.hub || token != token_ || !uplink_.connected();
  settings_ = std::move(settings);
  token_ = token;
  if (other_hub) {
    uplink_.apply(settings_.hub);
  } else {
    uplink_.describe_again();
    uplink_.status_changed();
  }
  status_text_.refresh();
}

void Agent::device_changed(const DeviceStatus& status) {
  devices_.note(status);
  state_changed();
}

void Agent::state_changed() {
  uplink_.status_changed();
  status_text_.refresh();
}

std::vector<Watchdog::Thread> Agent::threads() const {
  std::vector<Watchdog::Thread> threads = lines_.threads();
  threads.insert(threads.begin(), {"the buffer's writer", outbox_.worker_last_turn()});
  for (Watchdog::Thread& thread : clock_gate_.threads()) threads.push_back(std::move(thread));
  return threads;
}

// A thread hangs for good. The others' readings are saved as far as the disk lets us.
void Agent::give_up() {
  inbox_.deliver_now();
  clock_gate_.stop();
  outbox_.flush_and_close();
  abort_hanging_program();
}

}  // namespace webmacs
