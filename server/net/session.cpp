#include "server/net/session.h"

#include "common/log.h"

#include <utility>

namespace webmacs {

bool Session::refuse(Denial denial) {
  if (refused_) return false;
  refused_ = true;
  close(close_code::policy, std::string(to_text(denial)));
  return true;
}

// A peer may name any code up to 4999: a figure for each would be a way to fill the memory.
void CloseCodes::count(std::uint16_t code) {
  ++counts_[code >= 1000 && code <= 1015 ? code : 0];
}

void SessionSet::remove(const std::shared_ptr<Session>& session, std::uint16_t close_code) {
  if (sessions_.erase(session) > 0) close_codes_.count(close_code);
}

void SessionSet::enforce(const Access& access, Timestamp now) {
  std::map<std::pair<std::string, Denial>, std::size_t> closed;
  for (const auto& session : sessions_) {
    const auto denial = access.still_allowed(session->identity(), now);
    if (denial && session->refuse(*denial)) ++closed[{session->identity().name, *denial}];
  }
  for (const auto& [token, connections] : closed) {
    log_info("token {}: {}; its {} open {} closed", token.first, to_text(token.second), connections,
             connections == 1 ? "connection is" : "connections are");
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
