#include "common/websocket/deadline_list.h"

#include <boost/asio/steady_timer.hpp>

namespace webmacs {

struct DeadlineOwner::List : std::enable_shared_from_this<List> {
  explicit List(boost::asio::io_context& io) : timer(io) {}

  void arm();
  void fire(TimePoint now);
  void rest_when_empty();

  boost::asio::steady_timer timer;
  std::multimap<TimePoint, DeadlineOwner*> due;
  TimePoint armed_for = TimePoint::max();
};

// The timer is only moved forward: one that fires too early (its owner left) finds nothing due and is armed anew.
void DeadlineOwner::List::arm() {
  if (due.empty() || due.begin()->first >= armed_for) return;
  armed_for = due.begin()->first;
  timer.expires_at(armed_for);
  // The list may be gone when a handler that was already queued runs.
  timer.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
    auto self = weak.lock();
    if (ec || !self) return;
    self->armed_for = TimePoint::max();
    self->fire(std::chrono::steady_clock::now());
    self->arm();
  });
}

// So that a loop which has nothing else to wait for may end.
void DeadlineOwner::List::rest_when_empty() {
  if (!due.empty() || armed_for == TimePoint::max()) return;
  armed_for = TimePoint::max();
  timer.cancel();
}

void DeadlineOwner::List::fire(TimePoint now) {
  // Bounded by what is here now: an owner that sets itself due at once waits for the next turn.
  for (auto left = due.size(); left > 0 && !due.empty() && due.begin()->first <= now; --left) {
    DeadlineOwner& owner = *due.begin()->second;
    owner.leave_deadline_list();
    owner.on_deadline(now);
  }
}

DeadlineOwner::~DeadlineOwner() {
  leave_deadline_list();
}

void DeadlineOwner::leave_deadline_list() {
  if (auto list = list_.lock()) {
    list->due.erase(place_);
    list->rest_when_empty();
  }
  list_.reset();
}

DeadlineList::DeadlineList(boost::asio::io_context& io) : list_(std::make_shared<DeadlineOwner::List>(io)) {}

DeadlineList::~DeadlineList() = default;

void DeadlineList::set(DeadlineOwner& owner, TimePoint due) {
  const auto before = owner.list_.lock();
  if (before) before->due.erase(owner.place_);
  owner.place_ = list_->due.emplace(due, &owner);
  owner.list_ = list_;
  list_->arm();
}

void DeadlineList::remove(DeadlineOwner& owner) {
  owner.leave_deadline_list();
}

}  // namespace webmacs
