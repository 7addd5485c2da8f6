#include "common/timestamp.h"
#include "load.h"

#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <iostream>
#include <stdexcept>

namespace webmacs {
namespace {

class Watcher : public ConnectionHandler {
 public:
  explicit Watcher(boost::asio::io_context& io) : io_(io) {}

  void on_open() override { std::cout << R"({"open":true})" << std::endl; }

  void on_text(std::string_view text) override {
    const auto now = utc_now();
    ++frames_;
    if (text.find(R"("type":"connected")") != std::string_view::npos) return;
    constexpr std::string_view member = R"("timestamp":")";
    bool first = true;
    for (auto at = text.find(member); at != std::string_view::npos; at = text.find(member, at)) {
      at += member.size();
      ++datapoints_;
      if (first) age(text.substr(at, text.find('"', at) - at), now);
      first = false;
    }
    constexpr std::string_view skipped = R"("skipped":)";
    if (const auto at = text.find(skipped); at != std::string_view::npos) {
      std::size_t count = 0;
      std::from_chars(text.data() + at + skipped.size(), text.data() + text.size(), count);
      skipped_ += count;
    }
  }

  void on_closed(std::uint16_t code, const std::string& reason) override {
    failure_ = fmt::format("closed: {} {}", code, reason);
    io_.stop();
  }

  void report() {
    if (!failure_.empty()) throw std::runtime_error(failure_);
    std::cout << fmt::format(
                     R"({{"frames":{},"datapoints":{},"skipped":{},"p50_ms":{:.3f},"p99_ms":{:.3f},"max_ms":{:.3f}}})",
                     frames_, datapoints_, skipped_, percentile(age_ms_, 0.50), percentile(age_ms_, 0.99),
                     percentile(age_ms_, 1.0))
              << std::endl;
  }

 private:
  void age(std::string_view timestamp, Timestamp now) {
    if (const auto time = parse_timestamp(timestamp)) {
      age_ms_.push_back(std::chrono::duration<double, std::milli>(now - *time).count());
    }
  }

  boost::asio::io_context& io_;
  std::size_t frames_ = 0;
  std::size_t datapoints_ = 0;
  std::size_t skipped_ = 0;
  std::vector<double> age_ms_;
  std::string failure_;
};

}  // namespace

void watch(const std::string& url) {
  boost::asio::io_context io;
  DeadlineList deadlines(io);
  boost::asio::signal_set signals(io, SIGTERM);
  signals.async_wait([&](error_code, int) { io.stop(); });
  const auto watcher = std::make_shared<Watcher>(io);
  const auto attempt = connect_websocket(io, deadlines, load_options(url), watcher);
  io.run();
  watcher->report();
}

}  // namespace webmacs
