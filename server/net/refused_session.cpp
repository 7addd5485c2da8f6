#include "server/net/refused_session.h"

namespace webmacs {

void RefusedSessions::close_all() {
  for (auto* session : sessions_) session->close();
}

RefusedSession::RefusedSession(RefusedSessions& all, DeadlineList& deadlines, Denial denial,
                               std::chrono::milliseconds wait, std::shared_ptr<ConnectionPlace> place)
    : all_(all), deadlines_(deadlines), denial_(denial), wait_(wait), place_(std::move(place)) {}

void RefusedSession::attach(std::shared_ptr<Connection> connection) {
  connection_ = std::move(connection);
  all_.sessions_.insert(this);
  if (open_) start();
}

void RefusedSession::on_open() {
  open_ = true;
  if (connection_) start();
}

void RefusedSession::start() {
  if (wait_.count() == 0) return close();
  deadlines_.set(*this, std::chrono::steady_clock::now() + wait_);
}

void RefusedSession::on_deadline(TimePoint) {
  close();
}

void RefusedSession::close() {
  deadlines_.remove(*this);
  if (connection_) connection_->close(close_code::policy, std::string(to_text(denial_)));
}

void RefusedSession::on_closed(std::uint16_t code, const std::string&) {
  connection_.reset();
  deadlines_.remove(*this);
  if (all_.sessions_.erase(this) > 0) all_.close_codes_.count(code);
}

}  // namespace webmacs
