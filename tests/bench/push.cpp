#include "common/messages.h"
#include "common/timestamp.h"
#include "load.h"

#include <fmt/format.h>

#include <array>
#include <iostream>
#include <stdexcept>
#include <unordered_map>

namespace webmacs {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t event_count = 100;

class Pusher : public ConnectionHandler {
 public:
  Pusher(boost::asio::io_context& io, std::size_t size, double seconds, bool backlog)
      : io_(io),
        size_(size),
        backlog_(backlog),
        duration_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))) {
    for (std::size_t i = 0; i < event_count; ++i) readings_[i].event_public_id = fmt::format("evt_load{:02}", i);
  }

  void use(ConnectAttempt& attempt) { attempt_ = &attempt; }
  void on_open() override {}
  void on_text(std::string_view text) override {
    const auto message = decode_hub_message(text);
    if (const auto* connected = std::get_if<ConnectedMessage>(&message)) begin(*connected);
    if (const auto* ack = std::get_if<AckMessage>(&message)) answered(ack->batch, ack->stored);
    if (const auto* busy = std::get_if<BusyMessage>(&message)) {
      ++busy_;
      answered(busy->batch, 0);
    }
    if (const auto* error = std::get_if<ErrorMessage>(&message)) failure_ = error->message;
    if (!failure_.empty()) io_.stop();
  }
  void on_closed(std::uint16_t code, const std::string& reason) override {
    if (!done_) failure_ = fmt::format("closed: {} {}", code, reason);
    io_.stop();
  }

  void report() {
    if (!failure_.empty()) throw std::runtime_error(failure_);
    const std::chrono::duration<double> took = last_answer_ - started_;
    std::cout << fmt::format(R"({{"stored":{},"seconds":{:.3f},"busy":{},"ack_p50_ms":{:.3f},"ack_p99_ms":{:.3f}}})",
                             stored_, took.count(), busy_, percentile(answer_ms_, 0.50), percentile(answer_ms_, 0.99))
              << std::endl;
  }

 private:
  void begin(const ConnectedMessage& connected) {
    credit_ = backlog_ ? connected.credit / 2 : connected.credit;  // as the protocol wants it
    started_ = last_answer_ = Clock::now();
    stamp_ = utc_now();
    pump();
  }

  void pump() {
    const auto now = Clock::now();
    if (now - started_ >= duration_) return finish_when_answered();
    while (unanswered_ + size_ <= credit_) {
      if (!attempt_->connection()->try_send(next_frame())) return;
      sent_at_.emplace(number_, now);
      unanswered_ += size_;
    }
  }

  // Readings of all events in turn, each a microsecond after the one before.
  std::string next_frame() {
    BatchWriter writer(++number_, backlog_);
    for (std::size_t i = 0; i < size_; ++i) {
      Reading& reading = readings_[next_event_];
      next_event_ = (next_event_ + 1) % event_count;
      stamp_ += std::chrono::microseconds(1);
      reading.time = stamp_;
      reading.value = 20.0 + 0.01 * static_cast<double>(number_ % 1000);
      if (!writer.try_add(reading)) throw std::runtime_error("a batch of this size does not fit into a frame");
    }
    return writer.finish();
  }

  void answered(std::int64_t batch, std::size_t stored) {
    const auto sent = sent_at_.find(batch);
    if (sent == sent_at_.end()) {
      failure_ = "an answer to a batch that was not sent";
      return;
    }
    last_answer_ = Clock::now();
    answer_ms_.push_back(std::chrono::duration<double, std::milli>(last_answer_ - sent->second).count());
    sent_at_.erase(sent);
    unanswered_ -= size_;
    stored_ += stored;
    pump();
  }

  void finish_when_answered() {
    if (unanswered_ > 0 || done_) return;
    done_ = true;
    attempt_->connection()->close(close_code::normal, "");
  }

  boost::asio::io_context& io_;
  const std::size_t size_;
  const bool backlog_;
  const Clock::duration duration_;
  ConnectAttempt* attempt_ = nullptr;
  std::size_t credit_ = 0;
  std::size_t unanswered_ = 0;
  std::size_t stored_ = 0;
  std::size_t busy_ = 0;
  std::size_t next_event_ = 0;
  std::int64_t number_ = 0;
  std::array<Reading, event_count> readings_;
  Timestamp stamp_;
  Clock::time_point started_, last_answer_;
  std::unordered_map<std::int64_t, Clock::time_point> sent_at_;
  std::vector<double> answer_ms_;
  std::string failure_;
  bool done_ = false;
};

}  // namespace

void push(const std::string& url, std::size_t size, double seconds, bool backlog) {
  boost::asio::io_context io;
  DeadlineList deadlines(io);
  const auto pusher = std::make_shared<Pusher>(io, size, seconds, backlog);
  const auto attempt = connect_websocket(io, deadlines, load_options(url), pusher);
  pusher->use(*attempt);
  io.run();
  pusher->report();
}

}  // namespace webmacs
