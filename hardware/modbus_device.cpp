#include "hardware/modbus_device.h"

#include "common/log.h"
#include "hardware/register_codec.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace webmacs {
namespace {

using Kind = ReadOutcome::Kind;
using std::chrono::microseconds;
using namespace std::chrono_literals;

constexpr std::size_t most_plans = 16;
constexpr std::size_t most_words = 2000;
constexpr auto seam_lasts = 60s;

enum ExceptionCode { illegal_address = 2, illegal_value = 3, acknowledge = 5, busy = 6, no_path = 10, no_answer = 11 };

std::string reason_of(const ReadOutcome& outcome) {
  switch (outcome.kind) {
    case Kind::good:
      return "";
    case Kind::exception:
      return "exception " + std::to_string(outcome.exception);
    case Kind::timeout:
      return "timeout";
    case Kind::disconnected:
    case Kind::no_connection:
      return "disconnected";
    case Kind::bad_reply:
      return "bad reply";
    case Kind::interrupted:
      return "interrupted";
  }
  return "";
}

// A gateway's word that nobody is behind it, beside the unit's own silence.
bool means_no_unit(const ReadOutcome& outcome) {
  if (outcome.kind == Kind::exception) return outcome.exception == no_path || outcome.exception == no_answer;
  return outcome.kind != Kind::good;
}

bool is_refusal(const ReadOutcome& outcome) {
  return outcome.kind == Kind::exception &&
         (outcome.exception == illegal_address || outcome.exception == illegal_value);
}

bool same_registers(const std::vector<Register>& registers, const std::vector<const EventSettings*>& events) {
  return std::equal(registers.begin(), registers.end(), events.begin(), events.end(),
                    [](const Register& where, const EventSettings* event) { return where == event->where; });
}

int end_of(const PlannedRead& read) {
  return read.address + read.count;
}

}  // namespace

std::vector<Line> open_lines(const RigSettings& rig) {
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
    lines[i].devices.push_back(std::make_unique<ModbusDevice>(settings, connections[i]));
  }
  return lines;
}

ModbusDevice::ModbusDevice(DeviceSettings settings, std::shared_ptr<ModbusLine> line, Clocks clocks)
    : settings_(std::move(settings)), line_(std::move(line)), clocks_(clocks), words_(most_words), backoff_(1s, 60s) {}

void ModbusDevice::share_connection_of(const Device& other) {
  if (const auto* unit = dynamic_cast<const ModbusDevice*>(&other)) line_ = unit->line_;
}

std::vector<PolledValue> ModbusDevice::poll(const std::vector<const EventSettings*>& events) {
  std::vector<PolledValue> values(events.size());
  if (line_->interrupted() || (polled_ && !up_ && clocks_.steady() < ask_again_)) {
    const PolledValue bad{clocks_.wall(), std::nullopt, line_->interrupted() ? "interrupted" : reason_, {}};
    std::fill(values.begin(), values.end(), bad);
    return values;
  }
  if (!seams_.empty()) forget_old_seams();
  Plan& plan = plan_for(events);
  Result result = Result::good;
  for (const PlannedRead& read : plan.reads) {
    if (result != Result::failed) {
      result = run(plan, read, values);
    } else {
      mark_bad(read, line_->interrupted() ? "interrupted" : reason_, values);
    }
  }
  return values;
}

ModbusDevice::Plan& ModbusDevice::plan_for(const std::vector<const EventSettings*>& events) {
  Plan* plan = nullptr;
  for (Plan& known : plans_) {
    if (same_registers(known.registers, events)) plan = &known;
  }
  if (plan == nullptr) {
    if (plans_.size() < most_plans) plans_.emplace_back();
    plan = &plans_[next_plan_++ % most_plans];
    plan->registers.clear();
    for (const EventSettings* event : events) plan->registers.push_back(event->where);
    plan->version = 0;
  }
  if (plan->version != version_) {
    plan->reads = plan_reads(plan->registers, {settings_.max_registers, settings_.max_gap}, holes_);
    plan->version = version_;
  }
  return *plan;
}

ModbusDevice::Result ModbusDevice::run(const Plan& plan, const PlannedRead& read, std::vector<PolledValue>& values) {
  if (const Refusal* refusal = refusal_of(read); refusal != nullptr && clocks_.steady() < refusal->ask_again) {
    mark_bad(read, fmt::format("exception {}", refusal->exception), values);
    return Result::refused;
  }
  const ReadOutcome outcome = request(read);
  if (line_->connections() != connection_) {
    forget_what_was_learnt();
    connection_ = line_->connections();
  }
  if (means_no_unit(outcome)) {
    note_failure(outcome);
    mark_bad(read, reason_of(outcome), values);
    return Result::failed;
  }
  note_answer();
  if (is_refusal(outcome)) return bisect(plan, read, outcome.exception, values);
  if (outcome.kind == Kind::exception) {
    mark_bad(read, reason_of(outcome), values);
    return Result::refused;
  }
  if (!refusals_.empty()) forget_refusal(read);
  deliver(plan, read, values);
  return Result::good;
}

ModbusDevice::Result ModbusDevice::bisect(const Plan& plan, const PlannedRead& read, int exception,
                                          std::vector<PolledValue>& values) {
  PlannedRead left;
  PlannedRead right;
  if (!split_read(plan.registers, read, left, right)) {
    remember_refusal(read, exception);
    mark_bad(read, fmt::format("exception {}", exception), values);
    return Result::refused;
  }
  const Result left_result = run(plan, left, values);
  if (left_result == Result::failed) {
    mark_bad(right, line_->interrupted() ? "interrupted" : reason_, values);
    return Result::failed;
  }
  const Result right_result = run(plan, right, values);
  if (left_result == Result::good && right_result == Result::good) {
    remember_seam(left, right);
    log_debug("{}: {} {}-{} is answered with exception {} but not its two halves; they are read apart for a while",
              who(), to_text(read.kind), read.address, end_of(read) - 1, exception);
    return Result::pieced;
  }
  return std::max(left_result, right_result);
}

ReadOutcome ModbusDevice::request(const PlannedRead& read) {
  const ReadRequest request{settings_.unit, read.kind, read.address, read.count};
  ReadOutcome outcome = request_once(request);
  for (int retry = 0; retry < settings_.retries && up_; ++retry) {
    const bool passing =
        outcome.kind == Kind::timeout || outcome.kind == Kind::bad_reply || outcome.kind == Kind::disconnected;
    if (!passing) break;
    log_debug("{}: {} ({}); asking again", who(), reason_of(outcome), outcome.detail);
    outcome = request_once(request);
  }
  return outcome;
}

// A unit that is busy is asked again until the time of one reply has passed.
ReadOutcome ModbusDevice::request_once(const ReadRequest& request) {
  const auto deadline = Clock::now() + settings_.timeout;
  microseconds rest = 20ms;
  for (;;) {
    ++requests_;
    ReadOutcome outcome = line_->read(request, settings_.timeout, settings_.pause, words_.data());
    const bool wait = outcome.kind == Kind::exception &&
                      (outcome.exception == busy || outcome.exception == acknowledge) && Clock::now() + rest < deadline;
    if (!wait) return outcome;
    line_->wait(rest);
    rest *= 2;
  }
}

void ModbusDevice::mark_bad(const PlannedRead& read, const std::string& reason,
                            std::vector<PolledValue>& values) const {
  const Timestamp now = clocks_.wall();
  for (const std::size_t value : read.values) values[value] = {now, std::nullopt, reason, {}};
}

void ModbusDevice::deliver(const Plan& plan, const PlannedRead& read, std::vector<PolledValue>& values) const {
  const Timestamp now = clocks_.wall();
  for (const std::size_t index : read.values) {
    const Register& where = plan.registers[index];
    const Decoded decoded = decode_reading(where, words_.data() + (where.first() - read.address));
    PolledValue& value = values[index];
    value.time = now;
    value.value = decoded.value;
    value.reason = decoded.reason;
    value.words = RawWords(words_.data() + (where.address - read.address), where.count());
  }
}

ModbusDevice::Refusal* ModbusDevice::refusal_of(const PlannedRead& read) {
  const auto found = std::find_if(refusals_.begin(), refusals_.end(), [&](const Refusal& refusal) {
    return refusal.kind == read.kind && refusal.first == read.address && refusal.end == end_of(read);
  });
  return found == refusals_.end() ? nullptr : &*found;
}

void ModbusDevice::remember_refusal(const PlannedRead& read, int exception) {
  Refusal* refusal = refusal_of(read);
  if (refusal == nullptr) {
    refusals_.push_back({read.kind, read.address, end_of(read), exception, {}, Backoff(1s, 60s)});
    refusal = &refusals_.back();
    holes_.add(read.kind, read.address, end_of(read));
    ++version_;
    if (!logged_.covered(read.kind, read.address, end_of(read))) {
      logged_.add(read.kind, read.address, end_of(read));
      log_warning("{}: {} {} is answered with exception {}; left out of other requests and asked for now and then",
                  who(), to_text(read.kind), read.address, exception);
    }
  }
  refusal->exception = exception;
  refusal->ask_again = clocks_.steady() + refusal->backoff.next_without_jitter();
}

void ModbusDevice::forget_refusal(const PlannedRead& read) {
  const Refusal* refusal = refusal_of(read);
  if (refusal == nullptr) return;
  log_info("{}: {} {} reads again", who(), to_text(read.kind), read.address);
  holes_.remove(read.kind, read.address, end_of(read));
  logged_.remove(read.kind, read.address, end_of(read));
  refusals_.erase(refusals_.begin() + (refusal - refusals_.data()));
  ++version_;
}

void ModbusDevice::remember_seam(const PlannedRead& left, const PlannedRead& right) {
  const RegisterSpan span = seam_between(left, right);
  holes_.add(span.kind, span.first, span.end);
  seams_.push_back({span, clocks_.steady() + seam_lasts});
  ++version_;
}

void ModbusDevice::forget_old_seams() {
  const Clock::time_point now = clocks_.steady();
  const auto young = std::find_if(seams_.begin(), seams_.end(), [&](const Seam& seam) { return seam.forget > now; });
  if (young == seams_.begin()) return;
  for (auto seam = seams_.begin(); seam != young; ++seam) {
    holes_.remove(seam->span.kind, seam->span.first, seam->span.end);
  }
  seams_.erase(seams_.begin(), young);
  ++version_;
}

void ModbusDevice::forget_what_was_learnt() {
  if (holes_.size() == 0 && refusals_.empty()) return;
  holes_.clear();
  refusals_.clear();
  seams_.clear();
  ++version_;
}

void ModbusDevice::note_answer() {
  if (up_) return;
  log_info("{}: answers{}", who(), polled_ ? " again" : "");
  up_ = true;
  polled_ = true;
  reason_.clear();
  error_.clear();
  backoff_.reset();
}

void ModbusDevice::note_failure(const ReadOutcome& outcome) {
  reason_ = reason_of(outcome);
  if (outcome.kind == Kind::interrupted) return;
  const std::string error = outcome.detail.empty() ? reason_ : fmt::format("{}: {}", reason_, outcome.detail);
  if (up_ || error != error_) log_warning("{}: {}; asked again after 1 s, later every 60 s", who(), error);
  error_ = error;
  up_ = false;
  polled_ = true;
  // Each try holds the line up for a whole timeout, so none may come early: no jitter.
  const auto rest = backoff_.next_without_jitter();
  ask_again_ = outcome.kind == Kind::no_connection ? clocks_.steady() : clocks_.steady() + rest;
}

std::string ModbusDevice::who() const {
  return fmt::format("device {} ({} unit {})", settings_.name, settings_.line(), settings_.unit);
}

}  // namespace webmacs
