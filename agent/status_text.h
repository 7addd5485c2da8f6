#pragma once
// The line that `systemctl status` shows of the agent, kept up to date. Network thread only.

#include "agent/outbox.h"
#include "common/messages.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace webmacs {

// Returns that line: "12 events of 2 devices; plc offline: timeout; connected to hub.lab:8000 as rig1". `uplink` is the
// connection's state in words.
std::string status_text(std::size_t events, const std::vector<DeviceStatus>& devices, const std::string& uplink,
                        const OutboxStatus& buffer);

class StatusText {
 public:
  // `text` is asked for what the line should say; it must stay callable until stop().
  StatusText(boost::asio::io_context& io, std::function<std::string()> text);

  // Shows the line now and refreshes it every 10 s, since not every change is announced.
  void start();
  // Tells the service manager at once when the line has changed. Does nothing after stop().
  void refresh();
  void stop();

 private:
  void arm();

  boost::asio::steady_timer timer_;
  const std::function<std::string()> text_;
  std::string shown_;
  bool stopped_ = false;
};

}  // namespace webmacs
