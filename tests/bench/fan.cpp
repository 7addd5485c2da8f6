// The generator of the fan-out and ingest benchmarks, one process and one thread: publishes over one WebSocket,
// receives over many, counts what arrives. It speaks to the hub and to each of its peers alike.

#include "fan.h"

#include "common/messages.h"
#include "common/timestamp.h"
#include "figures.h"
#include "raw_socket.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <stdexcept>

namespace webmacs {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds warm_up{500};
constexpr std::size_t receive_bytes = std::size_t{256} * 1024;
constexpr std::size_t most_unsent_bytes = std::size_t{128} * 1024;
constexpr std::uint64_t is_publisher = ~std::uint64_t{0};

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

// Numbered messages of one size each: the payload that a subscriber gets has 160 bytes from every server.
class Messages {
 public:
  explicit Messages(FanOptions::Form form) : form_(form), stamp_(utc_now()) {
    reading_.event_public_id = "evt_bench_fan_out_filler";
  }

  // The client's frame or frames of `count` messages; fewer when they do not fit into one, and then `count` says so.
  void append_frames(std::string& out, std::size_t& count) {
    if (form_ == FanOptions::Form::batch) return append_batch(out, count);
    for (std::size_t i = 0; i < count; ++i) {
      next();
      text_.clear();
      if (form_ == FanOptions::Form::reading) {
        append_reading(text_, reading_);
      } else {
        append_datapoint(text_, {"dp_19hq2o9zd5k1x", reading_, std::nullopt});
      }
      append_client_frame(out, text_);
    }
  }

 private:
  void append_batch(std::string& out, std::size_t& count) {
    BatchWriter writer(++batch_, false);
    std::size_t added = 0;
    for (; added < count; ++added) {
      next();
      if (!writer.try_add(reading_)) break;
    }
    count = added;
    append_client_frame(out, writer.finish());
  }

  // Two digits and six: neither the value's nor the stamp's text becomes shorter.
  void next() {
    stamp_ += std::chrono::microseconds(to_microseconds(stamp_) % 1000 == 999 ? 2 : 1);
    digits_ = digits_ % 9 + 1;
    reading_.time = stamp_;
    reading_.value = 20 + static_cast<double>(digits_) / 100;
  }

  const FanOptions::Form form_;
  Reading reading_;
  Timestamp stamp_;
  int digits_ = 0;
  std::int64_t batch_ = 0;
  std::string text_;
};

class Fan {
 public:
  explicit Fan(FanOptions options)
      : options_(std::move(options)), epoll_(checked(::epoll_create1(0), "epoll_create1")), messages_(options_.form) {
    const auto token = from_environment("WEBMACS_VIEWER_TOKEN");
    subscribers_.resize(options_.subscribers);
    for (std::size_t i = 0; i < subscribers_.size(); ++i) {
      subscribers_[i].counter.count_braces = options_.by_answers;
      open(subscribers_[i], options_.subscribe_path, token, i);
    }
    open(publisher_, options_.publish_path, from_environment("WEBMACS_TOKEN"), is_publisher);
  }

  FanFigures run() {
    const auto begin = Clock::now();
    due_ = begin;
    turn_until(begin + warm_up);
    std::cout << R"({"started":true})" << std::endl;
    const auto started = Clock::now();
    const auto before = totals();
    const auto sent_before = sent_;
    latencies_.clear();
    turn_until(started + options_.duration);
    const std::chrono::duration<double> took = Clock::now() - started;
    const auto after = totals();
    FanFigures figures;
    figures.deliveries = after.deliveries - before.deliveries;
    figures.messages = sent_ - sent_before;
    figures.seconds = took.count();
    const auto frames = after.frames - before.frames;
    figures.payload_bytes = frames == 0 ? 0 : double(after.bytes - before.bytes) / double(frames);
    figures.p50_ms = percentile(latencies_, 0.50);
    figures.p99_ms = percentile(latencies_, 0.99);
    return figures;
  }

 private:
  struct Client {
    Descriptor socket;
    FrameCounter counter;
    std::uint64_t timed = 0;  // messages whose latency is noted
  };
  struct Totals {
    std::uint64_t deliveries = 0, frames = 0, bytes = 0;
  };

  bool paced() const { return options_.burst > 0; }

  void open(Client& client, const std::string& path, const std::string& token, std::uint64_t data) {
    std::string rest;
    client.socket = open_websocket(options_.port, path, token, rest);
    client.counter.feed(rest.data(), rest.size());
    watch_descriptor(epoll_.get(), client.socket.get(), EPOLLIN, data);
  }

  // Of a batch subscriber's braces one in each frame is the envelope's.
  std::uint64_t received(const Client& client) const {
    return options_.by_answers ? client.counter.open_braces - client.counter.frames : client.counter.frames;
  }

  Totals totals() const {
    Totals totals;
    for (const Client& client : subscribers_) {
      totals.deliveries += received(client);
      totals.frames += client.counter.frames;
      totals.bytes += client.counter.payload_bytes;
    }
    return totals;
  }

  void turn_until(Clock::time_point end) {
    std::vector<epoll_event> events(1024);
    for (auto now = Clock::now(); now < end; now = Clock::now()) {
      publish(now);
      auto wait = paced() && due_ < end ? due_ - now : end - now;
      wait = std::max(wait, Clock::duration::zero());
      const timespec timeout{wait / std::chrono::seconds(1), (wait % std::chrono::seconds(1)).count()};
      const int count = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), &timeout, nullptr);
      if (count < 0 && errno != EINTR) checked(count, "epoll_pwait2");
      for (int i = 0; i < count; ++i) ready(events[static_cast<std::size_t>(i)]);
    }
  }

  void ready(const epoll_event& event) {
    const bool publisher = event.data.u64 == is_publisher;
    Client& client = publisher ? publisher_ : subscribers_[event.data.u64];
    if (publisher && (event.events & EPOLLOUT) != 0) send();
    if ((event.events & ~static_cast<unsigned>(EPOLLOUT)) == 0) return;
    const auto size = ::recv(client.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) throw std::runtime_error(publisher ? "the publisher lost its connection" : "a subscriber was lost");
    client.counter.feed(buffer_.data(), static_cast<std::size_t>(size));
    if (paced() && !publisher) note_latency(client);
  }

  // Every server delivers in order: the frames' numbers are the messages'.
  void note_latency(Client& client) {
    const auto now = Clock::now();
    for (; client.timed < client.counter.frames && client.timed < sent_at_.size(); ++client.timed) {
      latencies_.push_back(std::chrono::duration<double, std::milli>(now - sent_at_[client.timed]).count());
    }
  }

  std::uint64_t arrived() const {
    if (options_.by_answers) return publisher_.counter.frames * options_.frame_messages;
    std::uint64_t least = sent_;
    for (const Client& client : subscribers_) least = std::min(least, client.counter.frames);
    return least;
  }

  void publish(Clock::time_point now) {
    if (paced()) {
      for (; due_ <= now; due_ += options_.interval) {
        for (std::size_t i = 0; i < options_.burst; ++i) sent_at_.push_back(now);
        for (std::size_t left = options_.burst; left > 0;) left -= queue(left);
      }
    } else {
      auto room = options_.in_flight - std::min<std::uint64_t>(options_.in_flight, sent_ - arrived());
      if (room < options_.least_frame()) return;
      while (room >= options_.frame_messages && room > 0 && unsent_.size() < most_unsent_bytes) {
        room -= queue(std::min<std::size_t>(room, options_.most_frame()));
      }
    }
    send();
  }

  std::size_t queue(std::size_t count) {
    messages_.append_frames(unsent_, count);
    sent_ += count;
    return count;
  }

  void send() {
    if (unsent_.empty()) return;
    const auto taken = ::send(publisher_.socket.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (taken < 0 && errno != EAGAIN) checked(-1, "send");
    if (taken > 0) unsent_.erase(0, static_cast<std::size_t>(taken));
    const bool wait = !unsent_.empty();
    if (wait == waits_to_send_) return;
    waits_to_send_ = wait;
    watch_descriptor(epoll_.get(), publisher_.socket.get(), wait ? EPOLLIN | EPOLLOUT : EPOLLIN, is_publisher, true);
  }

  const FanOptions options_;
  Descriptor epoll_;
  Messages messages_;
  std::vector<Client> subscribers_;
  Client publisher_;
  std::vector<char> buffer_ = std::vector<char>(receive_bytes);
  std::string unsent_;
  bool waits_to_send_ = false;
  std::uint64_t sent_ = 0;  // messages
  Clock::time_point due_;
  std::vector<Clock::time_point> sent_at_;  // paced: of each message
  std::vector<double> latencies_;
};

}  // namespace

FanFigures fan(const FanOptions& options) {
  return Fan(options).run();
}

}  // namespace webmacs
