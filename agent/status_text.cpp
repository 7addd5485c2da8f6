#include "agent/status_text.h"

#include "common/service_manager.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace webmacs {
namespace {

constexpr std::chrono::seconds refresh_interval(10);

}  // namespace

std::string status_text(std::size_t events, const std::vector<DeviceStatus>& devices, const std::string& uplink,
                        const OutboxStatus& buffer) {
  std::string text = fmt::format("{} events of {} devices", events, devices.size());
  for (const DeviceStatus& device : devices) {
    if (!device.online) text += fmt::format("; {} offline: {}", device.name, device.error);
  }
  text += "; " + uplink;
  if (buffer.backlog > 0) text += fmt::format("; {} readings wait", buffer.backlog);
  if (buffer.dropped > 0) text += fmt::format("; {} were dropped", buffer.dropped);
  if (buffer.recovering) text += "; a damaged buffer is being read back";
  if (!buffer.trouble.empty()) text += "; kept in memory only: " + buffer.trouble;
  return text;
}

StatusText::StatusText(boost::asio::io_context& io, std::function<std::string()> text)
    : timer_(io), text_(std::move(text)) {}

void StatusText::start() {
  refresh();
  arm();
}

void StatusText::arm() {
  timer_.expires_after(refresh_interval);
  timer_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec && !stopped_) start();
  });
}

void StatusText::refresh() {
  if (stopped_) return;
  std::string text = text_();
  if (text == shown_) return;
  shown_ = std::move(text);
  notify_status(shown_);
}

void StatusText::stop() {
  stopped_ = true;
  timer_.cancel();
}

}  // namespace webmacs
