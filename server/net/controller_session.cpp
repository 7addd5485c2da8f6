#include "server/net/controller_session.h"

#include "common/log.h"
#include "common/timestamp.h"

#include <algorithm>

namespace webmacs {
namespace {

constexpr std::size_t credit = 5000;  // readings that may be unanswered
constexpr int most_invalid_in_a_row = 20;
constexpr double busy_retry_seconds = 2.0;
constexpr std::chrono::seconds longest_hold{30};

constexpr const char* damaged_reason = "the store is damaged there";

std::string foreign_reason(const AppendResult& result) {
  return "event belongs to " + result.owner;
}

}  // namespace

ControllerSession::ControllerSession(ControllerServices services, Identity identity, bool wants_connected,
                                     std::string peer)
    : Session(std::move(identity)),
      services_(services),
      wants_connected_(wants_connected),
      peer_(std::move(peer)),
      held_deadline_(services.io) {}

void ControllerSession::attach(std::shared_ptr<Connection> connection) {
  connection_ = std::move(connection);
  services_.sessions.add(shared_from_this());
  if (open_) greet();
}

void ControllerSession::on_open() {
  open_ = true;
  if (connection_) greet();
}

void ControllerSession::greet() {
  if (greeted_) return;
  greeted_ = true;
  services_.controllers.socket_opened(identity().name, peer_);
  if (wants_connected_) send(encode(ConnectedMessage{identity().name, max_batch_readings, credit, utc_now()}));
}

void ControllerSession::on_closed(std::uint16_t code, const std::string& reason) {
  held_deadline_.cancel();
  connection_.reset();
  if (greeted_) {
    services_.controllers.socket_closed(identity().name, fmt::format("at {}: {} {}", peer_, code, reason));
  }
  if (!held_.empty()) {
    log_warning("controller {}: {} frames without a batch number could not be stored before it left", identity().name,
                held_.size());
  }
  services_.sessions.remove(shared_from_this(), code);
}

void ControllerSession::stop_reading() {
  if (connection_) connection_->pause_reading();
}

void ControllerSession::drop() {
  if (connection_) connection_->drop("the hub is stopping");
}

std::size_t ControllerSession::queued_bytes() const {
  return connection_ ? connection_->queued_bytes() : 0;
}

void ControllerSession::close(std::uint16_t code, const std::string& reason) {
  if (connection_) connection_->close(code, reason);
}

void ControllerSession::send(const std::string& text) {
  if (!connection_ || connection_->try_send(text)) return;
  // Credit bounds what an honest controller leaves unread to far less than the queue holds.
  connection_->close(close_code::policy, "Answers are not read");
}

void ControllerSession::on_text(std::string_view text) {
  services_.controllers.heard(identity().name);
  if (!held_.empty() || !handle(text)) hold(std::string(text));
}

bool ControllerSession::handle(std::string_view text) {
  auto frame = decode_controller_frame(text);
  const bool taken = std::visit([this](auto& message) { return handle(message); }, frame);
  if (!std::holds_alternative<InvalidFrame>(frame)) {
    const auto* readings = std::get_if<ReadingsFrame>(&frame);
    const bool bad_reading =
        readings && !readings->batch &&
        std::ranges::any_of(readings->readings, [](const ReceivedReading& r) { return !r.error.empty(); });
    if (!bad_reading) invalid_in_a_row_ = 0;
  }
  return taken;
}

bool ControllerSession::handle(InvalidFrame& frame) {
  invalid({frame.batch, frame.message});
  return true;
}

bool ControllerSession::handle(ReadingsFrame& frame) {
  if (!frame.batch) return take_unanswered(frame);
  answer_batch(*frame.batch, frame);
  return true;
}

void ControllerSession::answer_batch(std::int64_t batch, ReadingsFrame& frame) {
  count(frame);
  const std::size_t size = frame.readings.size();
  AckMessage ack;
  ack.batch = batch;
  IncomingBatch incoming{identity().name, {}};
  std::vector<std::size_t> index;  // of each incoming reading in the frame
  for (std::size_t i = 0; i < size; ++i) {
    auto& received = frame.readings[i];
    if (received.error.empty()) {
      incoming.readings.push_back({std::move(received.reading), false});
      index.push_back(i);
    } else {
      ack.rejected.push_back({i, std::move(received.error)});
    }
  }
  if (incoming.readings.empty()) return send(encode(ack));

  auto stored = [weak = weak_from_this(), ack = std::move(ack), index = std::move(index),
                 size](const std::vector<AppendResult>& results) mutable {
    const auto self = weak.lock();
    if (!self) return;
    self->unanswered_readings_ -= size;
    if (results.empty()) return self->send(encode(BusyMessage{ack.batch, busy_retry_seconds}));
    for (std::size_t i = 0; i < results.size(); ++i) {
      switch (results[i].outcome) {
        case Outcome::stored:
          ++ack.stored;
          break;
        case Outcome::duplicate:
          ++ack.duplicates;
          break;
        case Outcome::conflict:
          ack.rejected.push_back({index[i], "conflict"});
          break;
        case Outcome::foreign_event:
          ack.rejected.push_back({index[i], foreign_reason(results[i])});
          break;
        case Outcome::damaged:
          ack.rejected.push_back({index[i], damaged_reason});
          break;
      }
    }
    std::ranges::sort(ack.rejected, {}, &RejectedReading::index);
    self->send(encode(ack));
  };
  if (unanswered_readings_ + size > credit ||
      !services_.ingest.try_submit(std::move(incoming), frame.backlog, true, std::move(stored))) {
    return send(encode(BusyMessage{batch, busy_retry_seconds}));
  }
  unanswered_readings_ += size;
}

// Without a batch number nothing can be answered "busy": what finds no room is kept, and the socket is read no more.
bool ControllerSession::take_unanswered(ReadingsFrame& frame) {
  IncomingBatch incoming{identity().name, {}};
  std::vector<std::string> event_ids;
  std::string first_error;
  const Timestamp now = utc_now();
  for (std::size_t i = 0; i < frame.readings.size(); ++i) {
    auto& received = frame.readings[i];
    if (received.error.empty()) {
      event_ids.push_back(received.reading.event_public_id);
      if (!received.has_time) received.reading.time = now;
      incoming.readings.push_back({std::move(received.reading), !received.has_time});
    } else if (first_error.empty()) {
      first_error = frame.single ? received.error : "datapoints[" + std::to_string(i) + "]: " + received.error;
    }
  }
  if (!incoming.readings.empty()) {
    auto stored = [weak = weak_from_this(), event_ids = std::move(event_ids)](const auto& results) {
      if (const auto self = weak.lock()) self->tell_rejected(event_ids, results);
    };
    if (!services_.ingest.try_submit(std::move(incoming), frame.backlog, false, std::move(stored))) return false;
  }
  count(frame);
  if (!first_error.empty()) invalid({std::nullopt, first_error});
  return true;
}

void ControllerSession::count(const ReadingsFrame& frame) {
  services_.readings.received += frame.readings.size();
  services_.readings.invalid += static_cast<std::uint64_t>(
      std::count_if(frame.readings.begin(), frame.readings.end(), [](const auto& r) { return !r.error.empty(); }));
}

void ControllerSession::tell_rejected(const std::vector<std::string>& event_ids,
                                      const std::vector<AppendResult>& results) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].outcome == Outcome::conflict) {
      send(encode(ErrorMessage{std::nullopt, event_ids[i] + ": conflict: another value is stored for this time"}));
    } else if (results[i].outcome == Outcome::foreign_event) {
      send(encode(ErrorMessage{std::nullopt, event_ids[i] + ": " + foreign_reason(results[i])}));
    } else if (results[i].outcome == Outcome::damaged) {
      send(encode(ErrorMessage{std::nullopt, event_ids[i] + ": " + damaged_reason}));
    }
  }
}

bool ControllerSession::handle(EventsFrame& frame) {
  auto described = [weak = weak_from_this(), &catalog = services_.events, name = identity().name,
                    events = frame.events](const std::vector<DescribeResult>& refused) {
    catalog.described(name, events, refused);
    const auto self = weak.lock();
    if (!self) return;
    for (const auto& refusal : refused) {
      const auto& event = events[refusal.index].event_public_id;
      self->send(encode(ErrorMessage{std::nullopt, event + ": event belongs to " + refusal.owner}));
    }
  };
  return services_.ingest.try_describe(identity().name, std::move(frame.events), std::move(described));
}

bool ControllerSession::handle(StatusFrame& frame) {
  services_.controllers.reported(identity().name, frame);
  return true;
}

bool ControllerSession::handle(PingFrame&) {
  send(encode(PongMessage{}));
  return true;
}

void ControllerSession::invalid(const ErrorMessage& error) {
  send(encode(error));
  if (++invalid_in_a_row_ >= most_invalid_in_a_row) close(close_code::policy, "Too many invalid frames");
}

void ControllerSession::hold(std::string text) {
  if (!connection_) return;
  if (held_.empty()) {
    connection_->pause_reading();
    held_deadline_.expires_after(longest_hold);
    held_deadline_.async_wait([weak = weak_from_this()](error_code ec) {
      const auto self = weak.lock();
      if (!ec && self) self->close(close_code::try_again_later, "The store cannot keep up");
    });
  }
  held_.push_back(std::move(text));
  if (waiting_for_room_) return;
  waiting_for_room_ = true;
  services_.ingest.when_room([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->retry_held();
  });
}

void ControllerSession::retry_held() {
  waiting_for_room_ = false;
  while (!held_.empty() && connection_) {
    if (!handle(held_.front())) {
      waiting_for_room_ = true;
      services_.ingest.when_room([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->retry_held();
      });
      return;
    }
    held_.pop_front();
  }
  held_deadline_.cancel();
  if (connection_) connection_->resume_reading();
}

}  // namespace webmacs
