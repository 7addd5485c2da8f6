#include "agent/rig_lines.h"

#include "agent/rig_parts.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace webmacs {
namespace {

constexpr std::chrono::seconds patience(1);  // for all pollers together

}  // namespace

RigLines::RigLines(Opener open_lines, PollerSink sink) : open_lines_(std::move(open_lines)), sink_(std::move(sink)) {}

RigLines::~RigLines() {
  stop();
}

void RigLines::start(const RigSettings& rig) {
  for (Line& line : open_lines_(rig)) {
    RunningLine running;
    for (const auto& device : line.devices) append_device(running.part, device->settings(), rig);
    running.poller = std::make_unique<Poller>(std::move(line), running.part.events, sink_);
    lines_.push_back(std::move(running));
  }
}

// A line that goes on with some of its devices keeps its poller: they miss no poll.
void RigLines::replace(const RigSettings& rig) {
  std::vector<RunningLine> kept;
  RigSettings fresh;
  for (RigSettings& part : split_by_line(rig)) {
    const auto known = std::ranges::find_if(lines_, [&](const RunningLine& line) {
      return std::ranges::any_of(part.devices,
                                 [&](const DeviceSettings& device) { return goes_on(device, line.part, part); });
    });
    if (known == lines_.end()) {
      append(fresh, part);
      continue;
    }
    update(*known, std::move(part));
    kept.push_back(std::move(*known));
    lines_.erase(known);
  }
  stop(lines_);
  lines_ = std::move(kept);
  start(fresh);
}

void RigLines::update(RunningLine& running, RigSettings part) {
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

void RigLines::stop() {
  stop(lines_);
}

void RigLines::stop(std::vector<RunningLine>& lines) {
  for (RunningLine& line : lines) line.poller->request_stop();
  const auto latest = std::chrono::steady_clock::now() + patience;
  for (RunningLine& line : lines) {
    if (!line.poller->stop(latest)) left_a_thread_ = true;
  }
  lines.clear();
}

void RigLines::report_all() {
  for (RunningLine& line : lines_) line.poller->report_all();
}

RigSettings RigLines::polled() const {
  RigSettings rig;
  for (const RunningLine& line : lines_) append(rig, line.part);
  return rig;
}

std::vector<Watchdog::Thread> RigLines::threads() const {
  std::vector<Watchdog::Thread> threads;
  for (const RunningLine& line : lines_) {
    threads.push_back({"the poller of " + line.poller->name(), line.poller->last_turn()});
  }
  return threads;
}

}  // namespace webmacs
