#include "hardware/owed_replies.h"

#include <algorithm>

namespace webmacs {
namespace {

using std::chrono::duration_cast;
using namespace std::chrono_literals;

constexpr int most_timeouts = 10;       // that a reply is waited for
constexpr std::size_t most_tries = 32;  // that are remembered of one request

bool same_shape(const ReadRequest& a, const ReadRequest& b) {
  return a.unit == b.unit && a.kind == b.kind && data_bytes(a) == data_bytes(b);
}

bool fits(const ReadRequest& request, ByteView body) {
  return check_reply(request, body).verdict != ReplyCheck::Verdict::bad;
}

}  // namespace

void OwedReplies::add(const ReadRequest& request, Clock::time_point sent, Duration timeout) {
  forget_old(sent);
  auto found = std::find_if(owed_.begin(), owed_.end(), [&](const Owed& owed) { return owed.request == request; });
  if (found != owed_.end() && expired(*found, sent)) {
    *found = Owed{.request = request};
  }
  if (found == owed_.end()) found = owed_.insert(owed_.end(), Owed{.request = request});
  found->sent.push_back(sent);
  if (found->sent.size() > most_tries) found->sent.pop_front();
  found->timeout = timeout;
}

std::optional<OwedReplies::Clock::time_point> OwedReplies::blocked_until(const ReadRequest& request, bool again,
                                                                         Clock::time_point now) {
  std::optional<Clock::time_point> until;
  for (Owed& owed : owed_) {
    if (!same_shape(owed.request, request) || expired(owed, now)) continue;
    const bool same = owed.request == request;
    if (same && (again || !owed.waited_for)) continue;
    if (!same) owed.waited_for = true;
    const Clock::time_point over = given_up_at(owed, now);
    until = std::max(until.value_or(over), over);
  }
  return until;
}

void OwedReplies::answered(const ReadRequest& request, Clock::time_point sent, Clock::time_point now) {
  bool in_doubt = false;
  for (Owed& owed : owed_) {
    if (!(owed.request == request) || expired(owed, now)) continue;
    owed.in_doubt = std::max(owed.in_doubt, duration_cast<Duration>(now - owed.sent.front()));
    owed.sent.pop_front();
    owed.sent.push_back(sent);
    in_doubt = true;
  }
  if (!in_doubt) note_reply_time(duration_cast<Duration>(now - sent), now);
}

bool OwedReplies::exception_in_doubt(const ReadRequest& request, Clock::time_point now) const {
  return std::any_of(owed_.begin(), owed_.end(), [&](const Owed& owed) {
    return owed.request.unit == request.unit && owed.request.kind == request.kind && !(owed.request == request) &&
           !expired(owed, now);
  });
}

std::optional<OwedReplies::Late> OwedReplies::take(ByteView body, Clock::time_point now) {
  const auto found =
      std::find_if(owed_.begin(), owed_.end(), [&](const Owed& owed) { return fits(owed.request, body); });
  if (found == owed_.end()) return std::nullopt;
  // The answer that was taken meanwhile was an earlier try's, then.
  const Duration after = std::max(duration_cast<Duration>(now - found->sent.front()), found->in_doubt);
  const Late late{found->request, after, found->timeout};
  found->sent.pop_front();
  if (found->sent.empty()) owed_.erase(found);
  note_reply_time(late.after, now);
  return late;
}

OwedReplies::Duration OwedReplies::patience(Duration timeout, Clock::time_point now) const {
  const bool recent = now - hour_began_ < 2h;
  const Duration greatest = recent ? std::max(greatest_, greatest_before_) : Duration(0);
  return std::min(std::max(least_timeouts * timeout, greatest * 3 / 2), most_timeouts * timeout);
}

// A reply is late in its device, and needs its way here as well: a quarter of a timeout more.
OwedReplies::Clock::time_point OwedReplies::given_up_at(const Owed& owed, Clock::time_point now) const {
  return owed.sent.back() + patience(owed.timeout, now) + owed.timeout / 4;
}

bool OwedReplies::expired(const Owed& owed, Clock::time_point now) const {
  return now >= given_up_at(owed, now);
}

// What was given up is known for a while longer: a reply that comes after all tells how late replies can be.
void OwedReplies::forget_old(Clock::time_point now) {
  std::erase_if(owed_, [&](const Owed& owed) { return now >= owed.sent.back() + 2 * most_timeouts * owed.timeout; });
}

void OwedReplies::note_reply_time(Duration after, Clock::time_point now) {
  if (now - hour_began_ >= 1h) {
    greatest_before_ = now - hour_began_ >= 2h ? Duration(0) : greatest_;
    greatest_ = Duration(0);
    hour_began_ = now;
  }
  greatest_ = std::max(greatest_, after);
}

}  // namespace webmacs
