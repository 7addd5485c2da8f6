#include "agent/poller.h"

#include "agent/report_filter.h"
#include "common/liveness.h"
#include "common/log.h"
#include "common/signals.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <pthread.h>
#include <thread>

namespace webmacs {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto patience_of_stop = 1s;

struct ScheduledEvent {
  ScheduledEvent(EventSettings given, Clock::time_point start)
      : settings(std::move(given)), filter(settings), next_due(start) {}

  EventSettings settings;
  ReportFilter filter;
  Clock::time_point next_due;
  std::uint64_t report_all_seen = 0;
};

struct ScheduledDevice {
  explicit ScheduledDevice(std::unique_ptr<Device> given) : device(std::move(given)) {}

  std::unique_ptr<Device> device;
  std::vector<ScheduledEvent> events;
  bool ever_polled = false;
  std::string error;   // as it was reported
  std::string advice;  // as it was reported

  // Gives it those of `given` that are its own. An event that it had already keeps its schedule and what was reported;
  // a new one falls in with those of its interval, so that they are read together.
  void schedule(const std::vector<EventSettings>& given, Clock::time_point now) {
    std::vector<ScheduledEvent> before;
    before.swap(events);
    const auto find = [&](auto fits) { return std::ranges::find_if(before, fits); };
    for (const EventSettings& event : given) {
      if (event.device != device->settings().name) continue;
      const auto known = find([&](const ScheduledEvent& each) { return each.settings == event; });
      const auto company =
          find([&](const ScheduledEvent& each) { return each.settings.poll_interval == event.poll_interval; });
      if (known != before.end()) {
        events.push_back(*known);
      } else {
        events.emplace_back(event, company == before.end() ? now : company->next_due);
      }
    }
  }

  Clock::time_point next_due() const {
    Clock::time_point earliest = Clock::time_point::max();
    for (const ScheduledEvent& event : events) earliest = std::min(earliest, event.next_due);
    return earliest;
  }
};

struct Update {
  RigSettings part;
  std::vector<std::unique_ptr<Device>> fresh;

  std::unique_ptr<Device> take_fresh(const std::string& name) {
    for (std::unique_ptr<Device>& device : fresh) {
      if (device && device->settings().name == name) return std::move(device);
    }
    return nullptr;
  }
};

}  // namespace

struct Poller::Shared {
  // Constant after construction.
  std::string name;
  PollerSink sink;

  // The poller's thread only; it changes the list with the mutex held, since other threads interrupt() the devices.
  std::vector<ScheduledDevice> devices;
  RepeatedLog too_slow{LogLevel::warning};

  // Any thread.
  std::atomic<std::uint64_t> report_all_asked{0};
  std::atomic<std::uint64_t> missed{0};
  Liveness liveness;
  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;         // guarded by mutex
  bool finished = false;         // guarded by mutex
  std::optional<Update> update;  // guarded by mutex
  std::mutex sink_mutex;         // held while the sink is called, so that it is silent once `silenced` is set
  bool silenced = false;         // guarded by sink_mutex
  std::thread thread;            // the owner only

  void run();
  bool wait_until_due();
  void take_update();
  bool stop_asked() {
    const std::lock_guard lock(mutex);
    return stopping;
  }
  void poll_due_events(ScheduledDevice& scheduled);
  void advance(ScheduledEvent& event, Clock::time_point now, bool device_answers);
  void report_state(ScheduledDevice& scheduled);
  template <typename Call>
  void tell(Call call) {
    const std::lock_guard lock(sink_mutex);
    if (!silenced) call();
  }
};

Poller::Poller(Line line, const std::vector<EventSettings>& events, PollerSink sink)
    : shared_(std::make_shared<Shared>()) {
  shared_->name = line.name;
  shared_->sink = std::move(sink);
  const Clock::time_point start = Clock::now();
  for (std::unique_ptr<Device>& device : line.devices) {
    shared_->devices.emplace_back(std::move(device)).schedule(events, start);
  }
  const SignalsBlocked inherited_by_the_thread;
  shared_->thread = std::thread([shared = shared_] { shared->run(); });
}

Poller::~Poller() {
  stop();
}

void Poller::report_all() {
  ++shared_->report_all_asked;
}

void Poller::request_stop() {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->stopping) return;
  shared_->stopping = true;
  shared_->wake.notify_all();
  for (ScheduledDevice& scheduled : shared_->devices) scheduled.device->interrupt();
}

void Poller::update(const RigSettings& part, std::vector<std::unique_ptr<Device>> fresh) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->update) {  // not taken yet: what it brought may be known to the caller as running
    for (std::unique_ptr<Device>& device : shared_->update->fresh) fresh.push_back(std::move(device));
  }
  shared_->update = Update{part, std::move(fresh)};
  shared_->wake.notify_all();
}

bool Poller::stop() {
  return stop(Clock::now() + patience_of_stop);
}

bool Poller::stop(Clock::time_point latest) {
  if (!shared_->thread.joinable()) return true;
  request_stop();
  bool finished = false;
  {
    std::unique_lock<std::mutex> lock(shared_->mutex);
    finished = shared_->wake.wait_until(lock, latest, [this] { return shared_->finished; });
  }
  if (finished) {
    shared_->thread.join();
    return true;
  }
  {
    const std::lock_guard lock(shared_->sink_mutex);
    shared_->silenced = true;
  }
  log_error("{}: does not stop and is left behind", shared_->name);
  shared_->thread.detach();
  return false;
}

Clock::time_point Poller::last_turn() const {
  return shared_->liveness.last_turn();
}
std::uint64_t Poller::missed_cycles() const {
  return shared_->missed.load(std::memory_order_relaxed);
}
const std::string& Poller::name() const {
  return shared_->name;
}

void Poller::Shared::run() {
  pthread_setname_np(pthread_self(), "poller");
  liveness.watch_this_thread();
  while (wait_until_due()) {
    // Every device that is due once, before any of them again: a slow one cannot starve its neighbours. Those that do
    // not answer come last, so that none waits for them.
    for (const bool answers : {true, false}) {
      for (ScheduledDevice& scheduled : devices) {
        if (scheduled.error.empty() == answers && scheduled.next_due() <= Clock::now()) poll_due_events(scheduled);
      }
    }
    if (!devices.empty()) devices.front().device->end_turn();
  }
  {
    const std::lock_guard lock(mutex);
    finished = true;
  }
  wake.notify_all();
}

// False when the thread is to stop.
bool Poller::Shared::wait_until_due() {
  std::unique_lock<std::mutex> lock(mutex);
  for (;;) {
    if (stopping) return false;
    if (update) take_update();
    Clock::time_point due = Clock::time_point::max();
    for (const ScheduledDevice& scheduled : devices) due = std::min(due, scheduled.next_due());
    const Clock::time_point now = Clock::now();
    liveness.turn();
    if (due <= now) return true;
    wake.wait_until(lock, std::min(due, now + longest_turn));
  }
}

// With the mutex held.
void Poller::Shared::take_update() {
  std::vector<ScheduledDevice> before;
  before.swap(devices);
  const Device& connected = *before.front().device;  // whatever becomes of it, it lives to the end of this
  for (const DeviceSettings& settings : update->part.devices) {
    if (std::unique_ptr<Device> fresh = update->take_fresh(settings.name)) {
      fresh->share_connection_of(connected);
      devices.emplace_back(std::move(fresh));
    } else {
      const auto known = std::ranges::find_if(before, [&](const ScheduledDevice& each) {
        return each.device && each.device->settings().name == settings.name;
      });
      if (known == before.end()) continue;
      devices.push_back(std::move(*known));
    }
    devices.back().schedule(update->part.events, Clock::now());
  }
  update.reset();
}

void Poller::Shared::poll_due_events(ScheduledDevice& scheduled) {
  const Clock::time_point now = Clock::now();
  liveness.turn();
  std::vector<ScheduledEvent*> due;
  std::vector<const EventSettings*> asked;
  for (ScheduledEvent& event : scheduled.events) {
    if (event.next_due > now) continue;
    due.push_back(&event);
    asked.push_back(&event.settings);
  }
  const std::vector<PolledValue> polled = scheduled.device->poll(asked);
  const bool interrupted = stop_asked();
  if (!interrupted) report_state(scheduled);

  const std::uint64_t report_all = report_all_asked.load();
  std::vector<Reading> readings;
  for (std::size_t i = 0; i < due.size() && i < polled.size(); ++i) {
    ScheduledEvent& event = *due[i];
    if (polled[i].deferred) continue;               // stays due
    if (interrupted && !polled[i].value) continue;  // an interrupted request is no reading, and no news of the device
    const bool forced = event.report_all_seen != report_all;
    event.report_all_seen = report_all;
    if (auto reading = event.filter.pass(polled[i], event.next_due, forced)) readings.push_back(std::move(*reading));
    advance(event, now, scheduled.error.empty());
  }
  if (!readings.empty()) tell([&] { sink.readings(std::move(readings)); });
}

// To the first time of the event's grid after the poll's start; what lies between was missed.
void Poller::Shared::advance(ScheduledEvent& event, Clock::time_point now, bool device_answers) {
  const Clock::duration period = event.settings.poll_interval;
  const auto skipped = (now - event.next_due) / period;
  event.next_due += period * (skipped + 1);
  if (skipped <= 0) return;
  missed.fetch_add(static_cast<std::uint64_t>(skipped), std::memory_order_relaxed);
  if (device_answers) {
    too_slow.write(
        fmt::format("{}: poll cycles of {} were missed: the devices on this line are slower than its "
                    "poll_interval; the schedule goes on without them",
                    name, event.settings.event_public_id));
  }
}

void Poller::Shared::report_state(ScheduledDevice& scheduled) {
  std::string error = scheduled.device->error();
  std::string advice = error.empty() ? scheduled.device->advice() : "";
  const bool first = !scheduled.ever_polled;
  if (!first && error == scheduled.error && advice == scheduled.advice) return;
  const std::string& device = scheduled.device->settings().name;
  scheduled.ever_polled = true;
  scheduled.error = std::move(error);
  scheduled.advice = std::move(advice);
  const bool online = scheduled.error.empty();
  tell([&] { sink.device_changed(DeviceStatus{device, online, online ? scheduled.advice : scheduled.error}); });
}

}  // namespace webmacs
