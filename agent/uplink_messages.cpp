#include "agent/uplink.h"
#include "common/timestamp.h"
#include "common/websocket/certificate.h"

#include <algorithm>

namespace webmacs {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t queue_room = 512 * 1024;  // no more is queued on the socket: what waits, waits in the outbox
constexpr std::size_t most_rejection_reasons = 32;

}  // namespace

void Uplink::handle(const ConnectedMessage& message) {
  if (stage_ != Stage::opened) return;
  stage_ = Stage::ready;
  connected_timer_.cancel();
  controller_ = message.controller;
  credit_ = std::max<std::size_t>(message.credit, 2);
  max_batch_ = std::clamp<std::size_t>(message.max_batch, 1, std::min(settings_.max_batch, max_batch_readings));
  ready_since_ = Clock::now();
  paused_until_ = {};
  last_failure_.clear();
  waiting_text_.clear();
  log_info("hub: connected to {} as {}", hub_name(), controller_);
  outbox_.connection_made();
  if (message.time && hooks_.hub_time) hooks_.hub_time(*message.time);
  describe_again();
  send_status();
  hooks_.report_all();
  hooks_.state_changed();
  pump();
}

void Uplink::handle(const AckMessage& message) {
  const Outbox::Batch* batch = outbox_.in_flight(message.batch);
  if (batch == nullptr || !answered(message.batch)) return;
  std::vector<std::size_t> again;
  for (const RejectedReading& rejected : message.rejected) {
    if (rejected.index >= batch->readings.size()) continue;
    const BufferedReading& buffered = batch->readings[rejected.index];
    const bool once_more = rejected.reason == "conflict" && !buffered.retried;
    if (once_more) again.push_back(rejected.index);
    log_rejected(buffered.reading, rejected.reason, once_more);
  }
  outbox_.settle(message.batch, again);
  pump();
}

void Uplink::handle(const BusyMessage& message) {
  const auto found = unanswered_.find(message.batch);
  if (found == unanswered_.end()) return;
  const Unanswered held = found->second;
  answered(message.batch);
  held_.emplace(message.batch, held);
  const double seconds = std::clamp(message.retry_after, 0.05, 60.0);
  busy_log_.write(fmt::format("hub: busy; sending goes on in {:.1f} s, readings are buffered", seconds));
  const auto wait = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  paused_until_ = std::max(paused_until_, Clock::now() + wait);
  pump_in(paused_until_ - Clock::now());
}

void Uplink::handle(const ErrorMessage& message) {
  const Outbox::Batch* batch = message.batch ? outbox_.in_flight(*message.batch) : nullptr;
  if (batch == nullptr || !answered(*message.batch)) {
    hub_errors_.write("hub: it answered with an error: " + message.message);
    return;
  }
  hub_errors_.write(fmt::format("hub: it refused a batch of {} readings, which are not sent again: {}",
                                batch->readings.size(), message.message));
  outbox_.settle(*message.batch);
  pump();
}

// False when nothing of this number is unanswered.
bool Uplink::answered(std::int64_t batch) {
  const auto found = unanswered_.find(batch);
  if (found == unanswered_.end()) return false;
  unanswered_readings_ -= found->second.readings;
  if (found->second.backlog) unanswered_backlog_ -= found->second.readings;
  unanswered_.erase(found);
  return true;
}

void Uplink::log_rejected(const Reading& reading, const std::string& reason, bool again) {
  const std::string key = rejections_.size() < most_rejection_reasons ? reason : "";
  auto log = rejections_.find(key);
  if (log == rejections_.end()) log = rejections_.emplace(key, RepeatedLog(LogLevel::warning)).first;
  log->second.write(fmt::format("hub: it rejected a reading of {} at {}: {}; {}", reading.event_public_id,
                                format_timestamp(reading.time), reason,
                                again ? "it is sent once more, 1 µs later" : "it is not sent again"));
}

void Uplink::describe_again() {
  if (stage_ != Stage::ready) return;
  for (std::string& frame : encode_events(hooks_.descriptions())) control_frames_.push_back(std::move(frame));
  send_control();
}

void Uplink::status_changed() {
  if (stage_ != Stage::ready) return;
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - status_sent_);
  if (since >= timing_.status_pause) {
    send_status();
  } else {
    arm_status(timing_.status_pause - since);
  }
}

void Uplink::send_status() {
  const bool wedged = std::ranges::any_of(
      unanswered_, [this](const auto& entry) { return Clock::now() - entry.second.sent > timing_.answer_timeout; });
  if (wedged) {
    connection_->drop("the hub did not answer a batch in time");
    return;
  }
  warn_of_certificate();
  control_frames_.push_back(encode_status(hooks_.status()));
  status_sent_ = Clock::now();
  send_control();
  arm_status(timing_.status_interval);
}

void Uplink::warn_of_certificate() {
  const auto end = attempt_->certificate_end();
  const auto soon = end ? ending_soon(*end, utc_now()) : "";
  if (!soon.empty()) {
    certificate_log_.write("the certificate of " + hub_name() + " " + soon +
                           ": then this agent cannot connect until it is renewed");
  }
}

void Uplink::arm_status(std::chrono::milliseconds wait) {
  status_timer_.expires_after(wait);
  status_timer_.async_wait([this, alive = alive_](const boost::system::error_code& ec) {
    if (ec || !*alive || stage_ != Stage::ready) return;
    send_status();
  });
}

void Uplink::pump() {
  if (stage_ != Stage::ready || stopping_) return;
  if (!send_control()) return;
  const Clock::time_point now = Clock::now();
  if (now < paused_until_) {
    pump_in(paused_until_ - now);
    return;
  }
  if (!send_held()) return;
  send_live();
  send_backlog();
}

bool Uplink::room() const {
  return connection_->queued_bytes() < queue_room;
}

// True when nothing of it waits.
bool Uplink::send_control() {
  while (!control_frames_.empty() && room()) {
    if (!connection_->try_send(control_frames_.front())) return false;
    control_frames_.pop_front();
  }
  return control_frames_.empty();
}

bool Uplink::send_held() {
  while (!held_.empty()) {
    const auto [number, held] = *held_.begin();
    const Outbox::Batch* batch = outbox_.in_flight(number);
    if (batch != nullptr) {
      if (!room() || unanswered_readings_ + held.readings > credit_) return false;
      BatchWriter writer(number, held.backlog);
      for (const BufferedReading& buffered : batch->readings) writer.try_add(buffered.reading);
      if (!connection_->try_send(writer.finish())) return false;
      unanswered_[number] = {held.readings, held.backlog, Clock::now()};
      unanswered_readings_ += held.readings;
      if (held.backlog) unanswered_backlog_ += held.readings;
    }
    held_.erase(number);
  }
  return true;
}

void Uplink::send_live() {
  while (outbox_.live_waiting() > 0 && room() && unanswered_readings_ < credit_) {
    const auto waited = Clock::now() - outbox_.oldest_live();
    if (outbox_.live_waiting() < max_batch_ && waited < settings_.batch_interval) {
      pump_in(settings_.batch_interval - waited);
      return;
    }
    if (!send_batch(Outbox::Kind::live, std::min(max_batch_, credit_ - unanswered_readings_))) return;
  }
}

void Uplink::send_backlog() {
  const std::size_t share = std::max<std::size_t>(credit_ / 2, 1);
  while (room() && unanswered_backlog_ < share && unanswered_readings_ < credit_) {
    const std::size_t most = std::min({max_batch_, share - unanswered_backlog_, credit_ - unanswered_readings_});
    if (!send_batch(Outbox::Kind::backlog, most)) return;
  }
}

bool Uplink::send_batch(Outbox::Kind kind, std::size_t most) {
  const bool backlog = kind == Outbox::Kind::backlog;
  BatchWriter writer(next_batch_, backlog);
  const std::size_t taken =
      outbox_.take(kind, next_batch_, [&](const Reading& reading) { return writer.try_add(reading, most); });
  if (taken == 0) return false;
  const std::int64_t number = next_batch_++;
  if (!connection_->try_send(writer.finish())) {
    // The connection is closing: on_closed hands the batch back to the outbox.
    return false;
  }
  unanswered_[number] = {taken, backlog, Clock::now()};
  unanswered_readings_ += taken;
  if (backlog) unanswered_backlog_ += taken;
  return true;
}

void Uplink::pump_in(Clock::duration wait) {
  pump_timer_.expires_after(std::max<Clock::duration>(wait, 1ms));
  pump_timer_.async_wait([this, alive = alive_](const boost::system::error_code& ec) {
    if (ec || !*alive) return;
    pump();
  });
}

}  // namespace webmacs
