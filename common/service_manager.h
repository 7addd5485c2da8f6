#pragma once
// What a daemon tells systemd, its service manager, of itself (sd_notify(3)). Without systemd these do nothing.
// Any thread.

#include <chrono>
#include <optional>
#include <string>

namespace webmacs {

void notify_ready();
void notify_stopping();
void notify_reloading();                      // notify_ready() ends it
void notify_status(const std::string& text);  // a person reads it in `systemctl status`; line breaks become spaces
void notify_watchdog();
void notify_hanging();  // the manager is to act at once as if the watchdog had not been fed

// Returns how often notify_watchdog() is due (half of WatchdogSec=); empty when systemd does not watch.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace webmacs
