#pragma once
// One timer for all connections: a due-ordered list of what is next for each (handshake over, ping due, pong overdue,
// close overdue). Network thread only.

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <map>
#include <memory>

namespace webmacs {

class DeadlineList;

// Who waits in a DeadlineList. It leaves the list by itself when it is destroyed, also after the list.
class DeadlineOwner {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  DeadlineOwner() = default;
  DeadlineOwner(const DeadlineOwner&) = delete;
  DeadlineOwner& operator=(const DeadlineOwner&) = delete;

  virtual void on_deadline(TimePoint now) = 0;

 protected:
  ~DeadlineOwner();
  void leave_deadline_list();

 private:
  friend class DeadlineList;
  struct List;

  std::weak_ptr<List> list_;  // where place_ is valid
  std::multimap<TimePoint, DeadlineOwner*>::iterator place_;
};

class DeadlineList {
 public:
  using TimePoint = DeadlineOwner::TimePoint;

  explicit DeadlineList(boost::asio::io_context& io);
  ~DeadlineList();
  DeadlineList(const DeadlineList&) = delete;
  DeadlineList& operator=(const DeadlineList&) = delete;

  // Sets the owner's only deadline; an earlier one is replaced. Called again before `due`, nothing fires in between.
  // An owner may set, remove or be destroyed within on_deadline.
  void set(DeadlineOwner& owner, TimePoint due);
  void remove(DeadlineOwner& owner);

 private:
  std::shared_ptr<DeadlineOwner::List> list_;
};

}  // namespace webmacs
