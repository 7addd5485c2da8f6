// webmacs-crowd PORT: many subscribers and one controller in one process, commanded on standard input; each command is
// answered by one JSON object a line. The tokens are taken from WEBMACS_VIEWER and WEBMACS_CONTROLLER.
//   open COUNT TARGET   opens so many subscribers more
//   push RATE           from now on sends so many readings a second, each in a frame of its own (0: none)
//   measure SECONDS     how old datapoints were when they arrived at the subscribers, over so long
// It ends with its standard input.

#include "common/messages.h"
#include "common/timestamp.h"
#include "wire_client.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <unistd.h>
#include <vector>

namespace webmacs {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t handshakes_at_once = 200;
constexpr std::size_t event_count = 50;

// Ages in steps of 10 us up to 20 s: as many as come, in constant memory.
class Ages {
 public:
  void add(std::chrono::microseconds age) {
    const auto step = std::clamp<std::int64_t>(age.count() / 10, 0, static_cast<std::int64_t>(steps_.size()) - 1);
    ++steps_[static_cast<std::size_t>(step)];
    ++count_;
  }
  double percentile_ms(double part) const {
    const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      seen += steps_[i];
      if (seen > wanted || (seen == count_ && seen > 0)) return static_cast<double>(i + 1) / 100;
    }
    return 0;
  }
  std::uint64_t count() const { return count_; }
  void clear() {
    std::fill(steps_.begin(), steps_.end(), 0);
    count_ = 0;
  }

 private:
  std::vector<std::uint64_t> steps_ = std::vector<std::uint64_t>(2'000'000);
  std::uint64_t count_ = 0;
};

std::string required(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

class Crowd {
 public:
  explicit Crowd(std::uint16_t port) : port_(port), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    watch(0, nullptr, EPOLLIN);
  }
  ~Crowd() { ::close(epoll_); }

  void run() {
    while (!ended_) {
      connect_more();
      push_due();
      report_due();
      std::array<epoll_event, 512> events{};
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_milliseconds());
      for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr) {
          read_commands();
        } else {
          serve(*static_cast<WireClient*>(event.data.ptr), event.events);
        }
      }
    }
  }

 private:
  void watch(int descriptor, WireClient* client, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.ptr = client;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  std::unique_ptr<WireClient> connect(const std::string& target, const char* token) {
    auto client = std::make_unique<WireClient>(port_, subscribers_.size(), target, required(token));
    watch(client->descriptor(), client.get(), EPOLLIN | EPOLLOUT);
    return client;
  }

  void connect_more() {
    if (subscribers_.size() >= wanted_) return;
    while (subscribers_.size() < wanted_ && subscribers_.size() - open_ - closed_ < handshakes_at_once) {
      subscribers_.push_back(connect(target_, "WEBMACS_VIEWER"));
    }
  }

  void serve(WireClient& client, std::uint32_t events) {
    if (client.is_closed()) return;  // by an event before this one
    const bool was_open = client.is_open();
    if ((events & EPOLLOUT) != 0) {
      epoll_event only_readable{};
      only_readable.events = EPOLLIN;
      only_readable.data.ptr = &client;
      ::epoll_ctl(epoll_, EPOLL_CTL_MOD, client.descriptor(), &only_readable);
      client.on_connected();
    }
    const bool is_controller = &client == controller_.get();
    if ((events & ~EPOLLOUT) != 0) {
      client.on_readable([&](std::string_view text) {
        if (!is_controller) return arrived(text);
        answers_ += text.find("\"ack\"") != std::string_view::npos ? 1 : 0;
      });
    }
    if (is_controller) {
      if (client.is_closed()) throw std::runtime_error("the hub closed the controller's connection");
      return;
    }
    if (client.is_open() && !client.is_closed() && !was_open) ++open_;
    if (client.is_closed()) {
      ++closed_;
      if (was_open) --open_;
    }
    if (opening_ && open_ + closed_ == wanted_) {
      opening_ = false;
      std::cout << fmt::format(R"({{"open":{},"closed":{},"seconds":{:.3f}}})", open_, closed_,
                               std::chrono::duration<double>(Clock::now() - opened_at_).count())
                << std::endl;
    }
  }

  void arrived(std::string_view text) {
    if (!measuring_) return;
    constexpr std::string_view member = R"("timestamp":")";
    const auto now = utc_now();
    for (auto at = text.find(member); at != std::string_view::npos; at = text.find(member, at)) {
      at += member.size();
      const auto time = parse_timestamp(text.substr(at, text.find('"', at) - at));
      if (time) ages_.add(std::chrono::duration_cast<std::chrono::microseconds>(now - *time));
    }
  }

  // ---- readings

  void push_due() {
    while (rate_ > 0 && Clock::now() >= next_push_) {
      next_push_ += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / rate_));
      Reading reading;
      reading.event_public_id = fmt::format("evt_{:02}", pushed_ % event_count);
      reading.time = std::max(utc_now(), last_time_ + std::chrono::microseconds(1));
      reading.value = static_cast<double>(pushed_);
      last_time_ = reading.time;
      BatchWriter writer(++pushed_, false);
      writer.try_add(reading);
      if (!controller_->send_text(writer.finish())) throw std::runtime_error("the hub does not read the controller");
    }
  }

  void start_pushing(double rate) {
    rate_ = rate;
    next_push_ = Clock::now();
    if (!controller_) controller_ = connect("/ws/controller/telemetry?ack=1", "WEBMACS_CONTROLLER");
    while (!controller_->is_open()) {
      if (controller_->is_closed()) throw std::runtime_error("the hub does not let the controller in");
      std::array<epoll_event, 64> events{};
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1000);
      for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr != nullptr) serve(*static_cast<WireClient*>(event.data.ptr), event.events);
      }
    }
    std::cout << fmt::format(R"({{"rate":{}}})", rate) << std::endl;
  }

  // ---- commands

  void read_commands() {
    std::array<char, 4096> bytes{};
    const auto got = ::read(0, bytes.data(), bytes.size());
    ended_ = got <= 0;
    if (got > 0) commands_.append(bytes.data(), static_cast<std::size_t>(got));
    for (auto end = commands_.find('\n'); end != std::string::npos; end = commands_.find('\n')) {
      obey(commands_.substr(0, end));
      commands_.erase(0, end + 1);
    }
  }

  void obey(const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    double number = 0;
    if (!(words >> verb >> number)) throw std::runtime_error("'" + line + "' is no command");
    if (verb == "open" && words >> target_) {
      wanted_ += static_cast<std::size_t>(number);
      opening_ = true;
      opened_at_ = Clock::now();
    } else if (verb == "push") {
      start_pushing(number);
    } else if (verb == "measure") {
      ages_.clear();
      measuring_ = true;
      sent_before_ = pushed_;
      measured_until_ =
          Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(number));
    } else {
      throw std::runtime_error("'" + line + "' is no command");
    }
  }

  void report_due() {
    if (!measuring_ || Clock::now() < measured_until_) return;
    measuring_ = false;
    std::cout << fmt::format(R"({{"open":{},"closed":{},"sent":{},"answers":{},"arrived":{},)"
                             R"("p50_ms":{:.3f},"p99_ms":{:.3f},"max_ms":{:.3f}}})",
                             open_, closed_, pushed_ - sent_before_, answers_, ages_.count(), ages_.percentile_ms(0.5),
                             ages_.percentile_ms(0.99), ages_.percentile_ms(1))
              << std::endl;
  }

  int wait_milliseconds() const {
    auto due = Clock::now() + std::chrono::seconds(1);
    if (measuring_) due = std::min(due, measured_until_);
    if (rate_ > 0) due = std::min(due, next_push_);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now()).count();
    return static_cast<int>(std::max<std::int64_t>(left, 0));
  }

  const std::uint16_t port_;
  const int epoll_;
  bool ended_ = false;
  std::string commands_;

  std::vector<std::unique_ptr<WireClient>> subscribers_;
  std::string target_;
  std::size_t wanted_ = 0, open_ = 0, closed_ = 0;
  bool opening_ = false;
  Clock::time_point opened_at_;

  std::unique_ptr<WireClient> controller_;
  double rate_ = 0;
  Clock::time_point next_push_;
  std::int64_t pushed_ = 0, sent_before_ = 0;
  std::size_t answers_ = 0;
  Timestamp last_time_;

  Ages ages_;
  bool measuring_ = false;
  Clock::time_point measured_until_;
};

}  // namespace
}  // namespace webmacs

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw std::runtime_error("webmacs-crowd PORT");
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &descriptors);
    webmacs::Crowd(static_cast<std::uint16_t>(std::stoi(argv[1]))).run();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
