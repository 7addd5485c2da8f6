#include "server/net/session.h"

#include "common/log.h"

namespace webmacs {

void Session::refuse(Denial denial) {
  if (refused_) return;
  refused_ = true;
  log_info("token {}: {}; its connection is closed", identity_.name, to_text(denial));
  close(close_code::policy, std::string(to_text(denial)));
}

void SessionSet::enforce(const Access& access, Timestamp now) {
  for (const auto& session : sessions_) {
    if (const auto denial = access.still_allowed(session->identity(), now)) session->refuse(*denial);
  }
}

void SessionSet::stop_reading() {
  for (const auto& session : sessions_) session->stop_reading();
}

void SessionSet::close_all(std::uint16_t code, const std::string& reason) {
  for (const auto& session : sessions_) session->close(code, reason);
}

void SessionSet::drop_all() {
  for (const auto& session : sessions_) session->drop();
}

}  // namespace webmacs
