#include "agent/agent.h"

#include "agent/rig_parts.h"
#include "common/log.h"
#include "common/program.h"
#include "common/service_manager.h"
#include "common/signals.h"
#include "common/timestamp.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>

namespace webmacs {

namespace {

using namespace std::chrono_literals;

constexpr auto status_text_interval = 10s;
constexpr auto lines_patience = 1s;      // for all pollers together
constexpr auto close_patience = 2500ms;  // for the hub's close frame
constexpr auto whole_stop = 4500ms;      // the disk may have taken its time before

double seconds(std::chrono::microseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

EventDescription describe(const EventSettings& event) {
  EventDescription description;
  description.event_public_id = event.event_public_id;
  description.name = event.name;
  description.type = event.where.type == ValueType::boolean ? "digital" : "analog";
  description.unit = event.unit;
  description.min_value = event.min_value;
  description.max_value = event.max_value;
  description.poll_interval = seconds(event.poll_interval);
  if (event.deadband && event.max_silence) description.max_silence = seconds(*event.max_silence);
  description.device = event.device;
  return description;
}

}  // namespace

Agent::Agent(AgentSettings settings, LineOpener open_lines)
    : settings_(std::move(settings)),
      open_lines_(std::move(open_lines)),
      lock_(settings_.buffer.path),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      watchdog_(
          io_, [this] { return threads(); }, [this] { give_up(); }),
      status_text_timer_(io_),
      stop_timer_(io_),
      outbox_(io_, settings_.buffer),
      inbox_(io_, [this](std::vector<Reading> readings) { outbox_.add(std::move(readings)); }),
      uplink_(io_, settings_.hub, outbox_,
              {[this] { return descriptions(); }, [this] { return status(); },
               [this] {
                 for (RunningLine& line : lines_) line.poller->report_all();
               },
               [this] { show_status_text(); }}) {
  outbox_.on_ready([this] { uplink_.pump(); });
  outbox_.on_changed([this] {
    uplink_.status_changed();
    show_status_text();
  });
  token_ = find_token(settings_.hub).token;
}

Agent::~Agent() {
  stop_lines(lines_);
}

int Agent::run() {
  if (!settings_.hub.token.empty()) {
    log_warning("[hub] token: whoever reads {} reads the token; a token_file is safer", settings_.file);
  }
  wait_for_signal();
  start_lines(settings_.rig);
  list_devices({});
  uplink_.start();
  watchdog_.start();
  unblock_service_signals();
  log_info("{}: polling {} events of {} devices; hub {}:{}; buffer {}", settings_.name, settings_.rig.events.size(),
           settings_.rig.devices.size(), settings_.hub.url.host, settings_.hub.url.port, settings_.buffer.path);
  notify_ready();
  arm_status_text();
  io_.run();
  if (thread_hangs_) std::_Exit(exit_code_);  // waiting for it would be for ever; what could be saved is on disk
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
  status_text_timer_.cancel();
  stop_lines(lines_);
  inbox_.deliver_now();
  switch (outbox_.flush_and_close()) {
    case Outbox::Flushed::all:
      break;
    case Outbox::Flushed::not_all:
      exit_code_ = exit_failure;
      break;
    case Outbox::Flushed::disk_hangs:
      exit_code_ = exit_failure;
      thread_hangs_ = true;
      break;
  }
  stop_timer_.expires_at(std::min(std::chrono::steady_clock::now() + close_patience, begun + whole_stop));
  stop_timer_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec) io_.stop();
  });
  uplink_.stop([this] { io_.stop(); });
}

void Agent::stop_lines(std::vector<RunningLine>& lines) {
  for (RunningLine& line : lines) line.poller->request_stop();
  const auto latest = std::chrono::steady_clock::now() + lines_patience;
  for (RunningLine& line : lines) {
    if (!line.poller->stop(latest)) thread_hangs_ = true;
  }
  lines.clear();
}

void Agent::start_lines(const RigSettings& rig) {
  for (Line& line : open_lines_(rig)) {
    RunningLine running;
    for (const auto& device : line.devices) {
      running.part.devices.push_back(device->settings());
      for (const EventSettings& event : rig.events) {
        if (event.device == device->settings().name) running.part.events.push_back(event);
      }
    }
    PollerSink sink{
        [this](std::vector<Reading> readings) { inbox_.put(std::move(readings)); },
        [this](const DeviceStatus& status) { boost::asio::post(io_, [this, status] { device_changed(status); }); }};
    running.poller = std::make_unique<Poller>(std::move(line), running.part.events, std::move(sink));
    lines_.push_back(std::move(running));
  }
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
  if (!(settings.buffer == settings_.buffer)) {
    log_warning("[buffer] changed: that takes effect with the next restart");
    settings.buffer = settings_.buffer;
  }
  replace_lines(settings.rig);
  const std::string token = find_token(settings.hub).token;
  const bool other_hub = !(settings.hub == settings_.hub) || token != token_ || !uplink_.connected();
  settings_ = std::move(settings);
  token_ = token;
  if (other_hub) {
    uplink_.apply(settings_.hub);
  } else {
    uplink_.describe_again();
    uplink_.status_changed();
  }
  show_status_text();
}

// A line that goes on with some of its devices keeps its poller: they miss no poll.
void Agent::replace_lines(const RigSettings& rig) {
  std::vector<RunningLine> kept;
  RigSettings before;
  RigSettings fresh;
  for (const RunningLine& line : lines_) append(before, line.part);
  for (RigSettings& part : split_by_line(rig)) {
    const auto known = std::find_if(lines_.begin(), lines_.end(), [&](const RunningLine& line) {
      return std::any_of(part.devices.begin(), part.devices.end(),
                         [&](const DeviceSettings& device) { return goes_on(device, line.part, part); });
    });
    if (known == lines_.end()) {
      append(fresh, part);
      continue;
    }
    update_line(*known, std::move(part));
    kept.push_back(std::move(*known));
    lines_.erase(known);
  }
  stop_lines(lines_);
  lines_ = std::move(kept);
  start_lines(fresh);
  list_devices(before);
}

void Agent::update_line(RunningLine& running, RigSettings part) {
  if (running.part.devices == part.devices && running.part.events == part.events) return;
  RigSettings changed;
  for (const DeviceSettings& device : part.devices) {
    if (!goes_on(device, running.part, part)) changed.devices.push_back(device);
  }
  std::vector<std::unique_ptr<Device>> fresh;
  for (Line& line : open_lines_(changed)) {
    for (std::unique_ptr<Device>& device : line.devices) fresh.push_back(std::move(device));
  }
  running.poller->update(part, std::move(fresh));
  running.part = std::move(part);
}

// What is known of each device that is polled; of one that goes on since `before`, what was known already.
void Agent::list_devices(const RigSettings& before) {
  std::vector<DeviceStatus> listed;
  for (const RunningLine& line : lines_) {
    for (const DeviceSettings& device : line.part.devices) {
      const auto known = std::find_if(devices_.begin(), devices_.end(),
                                      [&](const DeviceStatus& status) { return status.name == device.name; });
      if (known != devices_.end() && goes_on(device, before, line.part)) {
        listed.push_back(*known);
      } else {
        listed.push_back(
            {device.name, false, is_polled(device, line.part) ? "not polled yet" : "has no events: never polled"});
      }
    }
  }
  devices_ = std::move(listed);
}

void Agent::device_changed(const DeviceStatus& status) {
  for (DeviceStatus& known : devices_) {
    if (known.name == status.name) known = status;
  }
  uplink_.status_changed();
  show_status_text();
}

StatusFrame Agent::status() const {
  const OutboxStatus buffer = outbox_.status();
  StatusFrame frame;
  frame.agent = settings_.name;
  frame.version = WEBMACS_VERSION;
  frame.backlog = buffer.backlog;
  frame.dropped = buffer.dropped;
  frame.clock = utc_now();
  frame.devices = devices_;
  // The wire has no other place for it, and whoever looks at the hub should know that readings lie in memory only.
  if (!buffer.trouble.empty()) {
    frame.devices.push_back({"buffer file", false, buffer.trouble});
  } else if (buffer.recovering) {
    frame.devices.push_back({"buffer file", false, "it was damaged: what can be read of it is read back"});
  }
  return frame;
}

std::vector<EventDescription> Agent::descriptions() const {
  std::vector<EventDescription> descriptions;
  for (const EventSettings& event : settings_.rig.events) descriptions.push_back(describe(event));
  return descriptions;
}

std::vector<Watchdog::Thread> Agent::threads() const {
  std::vector<Watchdog::Thread> threads{{"the buffer's writer", outbox_.worker_last_turn()}};
  for (const RunningLine& line : lines_) {
    threads.push_back({"the poller of " + line.poller->name(), line.poller->last_turn()});
  }
  return threads;
}

// A thread hangs for good. The others' readings are saved as far as the disk lets us.
void Agent::give_up() {
  inbox_.deliver_now();
  outbox_.flush_and_close();
  abort_hanging_program();
}

void Agent::arm_status_text() {
  show_status_text();
  status_text_timer_.expires_after(status_text_interval);
  status_text_timer_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec && !stopping_) arm_status_text();
  });
}

void Agent::show_status_text() {
  if (stopping_) return;
  std::string text = fmt::format("{} events of {} devices", settings_.rig.events.size(), devices_.size());
  for (const DeviceStatus& device : devices_) {
    if (!device.online) text += fmt::format("; {} offline: {}", device.name, device.error);
  }
  text += "; " + uplink_.state();
  const OutboxStatus buffer = outbox_.status();
  if (buffer.backlog > 0) text += fmt::format("; {} readings wait", buffer.backlog);
  if (buffer.dropped > 0) text += fmt::format("; {} were dropped", buffer.dropped);
  if (buffer.recovering) text += "; a damaged buffer is being read back";
  if (!buffer.trouble.empty()) text += "; kept in memory only: " + buffer.trouble;
  if (text == status_text_) return;
  status_text_ = text;
  notify_status(text);
}

}  // namespace webmacs
