#include "server/shutdown.h"

#include "common/log.h"
#include "common/service_manager.h"
#include "common/timestamp.h"

#include <utility>

namespace webmacs {
namespace {

constexpr std::chrono::milliseconds commit_deadline{2500};
constexpr std::chrono::milliseconds close_deadline{2000};
constexpr std::chrono::milliseconds close_look_interval{10};

}  // namespace

Shutdown::Shutdown(boost::asio::io_context& io, Parts parts, std::function<void()> end)
    : parts_(parts), end_(std::move(end)), timer_(io) {}

void Shutdown::begin() {
  if (begun_) return;
  begun_ = true;
  notify_stopping();
  log_info("stopping: {} WebSockets open", parts_.sessions.size());
  parts_.listener.close();
  parts_.sessions.stop_reading();
  parts_.exports.cut_all();
  parts_.controllers.save(utc_now());
  parts_.ingest.drain(commit_deadline, [this] { close_sessions(); });
}

void Shutdown::close_sessions() {
  parts_.websockets.close_refused();
  parts_.sessions.close_all(close_code::going_away, "The hub is stopping");
  deadline_ = std::chrono::steady_clock::now() + close_deadline;
  wait_for_sessions();
}

void Shutdown::wait_for_sessions() {
  const bool late = std::chrono::steady_clock::now() >= deadline_;
  if (late) parts_.sessions.drop_all();
  if (parts_.sessions.empty() || late) return end_();
  timer_.expires_after(close_look_interval);
  timer_.async_wait([this](boost::system::error_code) { wait_for_sessions(); });
}

}  // namespace webmacs
