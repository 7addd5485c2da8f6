#include "hardware/modbus_device.h"

#include "common/log.h"
#include "common/seconds.h"
#include "hardware/line_load.h"
#include "hardware/modbus_turn.h"
#include "hardware/register_codec.h"

#include <fmt/format.h>

#include <algorithm>

namespace webmacs {
namespace {

using std::chrono::microseconds;
using namespace std::chrono_literals;

constexpr std::size_t most_plans = 32;
constexpr std::size_t most_words = 2000;
constexpr auto lateness_is_news = 10min;

bool same_registers(const std::vector<Register>& registers, const std::vector<const EventSettings*>& events) {
  return std::equal(registers.begin(), registers.end(), events.begin(), events.end(),
                    [](const Register& where, const EventSettings* event) { return where == event->where; });
}

}  // namespace

std::vector<Line> open_lines(const RigSettings& rig, const ModbusDevice::Clocks& clocks) {
  std::vector<Line> lines;
  std::vector<std::shared_ptr<ModbusLine>> connections;
  for (const DeviceSettings& settings : rig.devices) {
    const std::string name = settings.line();
    std::size_t i = 0;
    while (i < lines.size() && lines[i].name != name) ++i;
    if (i == lines.size()) {
      lines.emplace_back();
      lines.back().name = name;
      connections.push_back(make_modbus_line(settings));
    }
    lines[i].devices.push_back(std::make_unique<ModbusDevice>(settings, connections[i], clocks));
  }
  return lines;
}

ModbusDevice::ModbusDevice(DeviceSettings settings, std::shared_ptr<ModbusLine> line, Clocks clocks)
    : settings_(std::move(settings)),
      line_(std::move(line)),
      clocks_(std::move(clocks)),
      words_(most_words),
      words_at_once_(settings_.pipeline > 1 ? most_words * static_cast<std::size_t>(settings_.pipeline) : 0),
      troubles_(who()) {
  line_->join();
}

ModbusDevice::~ModbusDevice() {
  if (counted_dead_) --line_->dead_units;
  line_->leave();
}

void ModbusDevice::share_connection_of(const Device& other) {
  const auto* unit = dynamic_cast<const ModbusDevice*>(&other);
  if (unit == nullptr) return;
  line_->leave();
  line_ = unit->line_;
  line_->join();
}

std::vector<PolledValue> ModbusDevice::poll(const std::vector<const EventSettings*>& events) {
  std::vector<PolledValue> values(events.size());
  if (line_->interrupted() || rests()) {
    const PolledValue bad{clocks_.wall(), std::nullopt, line_->interrupted() ? "interrupted" : reason_, {}};
    std::fill(values.begin(), values.end(), bad);
    return values;
  }
  if (!troubles_.empty()) troubles_.forget_old_seams(clocks_.steady());
  Turn turn{plan_for(events), values};
  if (rest_.failed()) ask_for_one_value(turn);
  ask_at_once(turn);
  for (const PlannedRead& read : turn.plan.reads) ask(turn, read);
  if (!turn.blocked.empty()) ask_blocked(turn);
  finish(turn);
  return values;
}

void ModbusDevice::end_turn() {
  if (settings_.connection == ConnectionUse::per_poll) line_->close();
}

std::string ModbusDevice::advice() const {
  const LineReport::Lateness& late = line_->report().lateness_of(settings_.unit);
  if (late.replies == 0 || Clock::now() - late.last > lateness_is_news) return {};
  return fmt::format("late by {:.3g} s: raise timeout", in_seconds(late.longest));
}

ModbusDevice::Plan& ModbusDevice::plan_for(const std::vector<const EventSettings*>& events) {
  Plan* plan = nullptr;
  for (Plan& known : plans_) {
    if (same_registers(known.registers, events)) plan = &known;
  }
  if (plan == nullptr) {
    if (plans_.size() < most_plans) plans_.emplace_back();
    plan = &plans_[next_plan_++ % most_plans];
    *plan = Plan{.interval = 24h};
    for (const EventSettings* event : events) {
      plan->registers.push_back(event->where);
      plan->interval = std::min(plan->interval, event->poll_interval);
    }
  }
  if (plan->version != troubles_.version()) {
    plan->reads = plan_reads(plan->registers, read_limits(settings_, plan->interval), troubles_.holes());
    plan->version = troubles_.version();
  }
  return *plan;
}

bool ModbusDevice::rests() {
  if (!rest_.failed()) return false;
  const std::uint32_t late = line_->report().lateness_of(settings_.unit).replies;
  if (late != late_replies_seen_) rest_.ask_at_once();
  late_replies_seen_ = late;
  const UnitRest::Neighbourhood around{.alone = line_->units() <= 1,
                                       .dead_units = line_->dead_units,
                                       .cost = line_->stall().cost(settings_.unit),
                                       .stops_others = line_->stall().stops_others(settings_.unit)};
  if (!around.alone && around.cost > 2 * told_cost_) tell_what_it_costs(around.cost, rest_.pause(around));
  return rest_.rests(clocks_.steady(), around);
}

// A gateway that stands still is noticed at all its units: the one that it waits for is named.
void ModbusDevice::tell_what_it_costs(microseconds cost, microseconds pause) {
  if (cost <= 2 * settings_.timeout || pause <= 0us) return;
  told_cost_ = cost;
  error_ = fmt::format("{}; asked again in {:.0f} s because each try stops the gateway for {:.3g} s", failure_,
                       in_seconds(pause), in_seconds(cost));
  log_warning("{}: does not answer; asked again in {:.0f} s because each try stops the gateway for {:.3g} s", who(),
              in_seconds(pause), in_seconds(cost));
}

void ModbusDevice::note_answer(Turn& turn) {
  turn.answered = true;
  turn.silences = 0;
  if (rest_.up() && error_.empty()) return;  // it may be up, and only its connection was gone
  if (rest_.state() == UnitRest::State::unknown && !told_down_) log_info("{}: answers", who());
  if (told_down_) log_info("{}: answers again", who());
  if (told_down_) troubles_.let_silent_ones_try();
  rest_.note_answer();
  told_down_ = false;
  told_cost_ = 0us;
  if (counted_dead_) --line_->dead_units;
  counted_dead_ = false;
  reason_.clear();
  error_.clear();
}

void ModbusDevice::note_failure(const Turn& turn) {
  if (turn.last_failure.kind == ReadOutcome::Kind::interrupted) return;
  const bool no_connection = turn.last_failure.kind == ReadOutcome::Kind::no_connection;
  // Behind another unit's silence its own says nothing.
  if (!no_connection && line_->stall().behind_another(settings_.unit)) return;
  reason_ = turn.last_failure.reason();
  failure_ = turn.last_failure.description();
  error_ = failure_;
  if (no_connection) {
    rest_.ask_at_once();
  } else {
    rest_.note_failure(clocks_.steady(), std::chrono::duration_cast<microseconds>(Clock::now() - turn.began));
    if (!counted_dead_) ++line_->dead_units;
    counted_dead_ = true;
  }
  if (told_down_ || rest_.state() == UnitRest::State::doubted) return;
  told_down_ = true;
  log_warning("{}: {}; asked again later, with growing pauses", who(), failure_);
}

// Of a new connection that this unit's reads did not cause.
void ModbusDevice::note_connection() {
  if (line_->connections() == connection_) return;
  if (connection_ != 0) troubles_.try_everything();
  connection_ = line_->connections();
}

void ModbusDevice::mark_bad(Turn& turn, const PlannedRead& read, const std::string& reason) const {
  const Timestamp now = clocks_.wall();
  for (const std::size_t value : read.values) turn.values[value] = {now, std::nullopt, reason, {}};
}

void ModbusDevice::deliver(Turn& turn, const PlannedRead& read, const std::uint16_t* words) const {
  const Timestamp now = clocks_.wall();
  for (const std::size_t index : read.values) {
    const Register& where = turn.plan.registers[index];
    const Decoded decoded = decode_reading(where, words + (where.first() - read.address));
    PolledValue& value = turn.values[index];
    value.time = now;
    value.value = decoded.value;
    value.reason = decoded.reason;
    value.words = RawWords(words + (where.address - read.address), where.count());
    value.deferred = false;
  }
}

std::string ModbusDevice::who() const {
  return fmt::format("device {} ({} unit {})", settings_.name, settings_.line(), settings_.unit);
}

}  // namespace webmacs
