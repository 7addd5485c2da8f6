#pragma once
// Replies that may still come. Where frames carry no transaction id (serial lines, RTU over TCP), the reply to a
// request that timed out cannot be told from the reply to another request of the same shape: same unit, function and
// byte count. This class says which requests have to wait, and knows a late reply when it comes. Pure; used by one
// line, on its thread. Nothing is forgotten when a connection is closed: the device behind it still owes its reply.

#include "hardware/modbus_frame.h"

#include <chrono>
#include <deque>
#include <optional>
#include <vector>

namespace webmacs {

class OwedReplies {
 public:
  using Clock = std::chrono::steady_clock;
  using Duration = std::chrono::microseconds;

  // A reply is waited for at least so many of its request's timeouts.
  static constexpr int least_timeouts = 3;

  // `request`, sent at `sent`, was not answered within `timeout`.
  void add(const ReadRequest& request, Clock::time_point sent, Duration timeout);

  // When `request` may be sent; empty: now. It has to wait while another request of its shape is owed. `again`: it was
  // sent before and was not answered; a reply to the first try is as good as one to this. The same request as the owed
  // one also goes at once, but not while another one waits for it: that would be kept waiting for ever.
  std::optional<Clock::time_point> blocked_until(const ReadRequest& request, bool again, Clock::time_point now);

  // `request`, sent at `sent`, has been answered. When the same request was owed, that may be the older reply, and then
  // this request's own is what still comes.
  void answered(const ReadRequest& request, Clock::time_point sent, Clock::time_point now);

  // An exception names no byte count: whether it may answer an owed request instead of `request`.
  bool exception_in_doubt(const ReadRequest& request, Clock::time_point now) const;

  struct Late {
    ReadRequest request;
    Duration after{};    // at most so long after the request
    Duration timeout{};  // of the request
  };
  // A frame that answers nothing that is in flight; `body` is without its framing. Empty when it was not owed either.
  std::optional<Late> take(ByteView body, Clock::time_point now);

  // How late after its last request an owed reply may come and is still known.
  Duration patience(Duration timeout, Clock::time_point now) const;

 private:
  struct Owed {
    ReadRequest request;
    std::deque<Clock::time_point> sent{};  // of each try, the oldest first
    Duration timeout{};
    Duration in_doubt{};      // how late an answer was, if it was the first try's
    bool waited_for = false;  // another request of this shape has to wait
  };

  Clock::time_point given_up_at(const Owed& owed, Clock::time_point now) const;
  bool expired(const Owed& owed, Clock::time_point now) const;
  void forget_old(Clock::time_point now);
  void note_reply_time(Duration after, Clock::time_point now);

  std::vector<Owed> owed_;
  // The longest that a reply took, in this hour and in the one before.
  Duration greatest_{};
  Duration greatest_before_{};
  Clock::time_point hour_began_{};
};

}  // namespace webmacs
