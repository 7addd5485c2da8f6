#pragma once
// Whether a unit answers, and when one that does not is asked again: soon enough to be found when it returns, seldom
// enough to cost its neighbours on the line little. Pure; used by one device, on its line's thread.

#include "common/backoff.h"

#include <chrono>

namespace webmacs {

class UnitRest {
 public:
  using Clock = std::chrono::steady_clock;
  using Duration = std::chrono::microseconds;

  enum class State {
    unknown,  // never asked
    up,
    doubted,  // one poll in vain: the next one tells
    down      // it rests between tries
  };

  // What the line knows of a unit that did not answer.
  struct Neighbourhood {
    bool alone = true;          // on its line: a try costs nobody anything
    int dead_units = 1;         // on the line, this one included
    Duration cost{};            // what its last try cost the others, as far as that is known
    bool stops_others = false;  // the others are silent since its last try
  };

  State state() const { return state_; }
  bool up() const { return state_ == State::up; }
  bool failed() const { return state_ == State::doubted || state_ == State::down; }

  void note_answer();
  // A poll brought nothing; the line was waited on for `own_cost` in vain.
  void note_failure(Clock::time_point now, Duration own_cost);
  // It was heard after all, too late for its poll, or it is the connection that failed.
  void ask_at_once();

  bool rests(Clock::time_point now, const Neighbourhood& around) const;
  // From the last try to the next: from its end, but for a unit that is alone on its line from its beginning, since a
  // try costs nobody anything there.
  Duration pause(const Neighbourhood& around) const;

 private:
  State state_ = State::unknown;
  Backoff backoff_{std::chrono::seconds(1), std::chrono::seconds(60)};
  Backoff backoff_alone_{std::chrono::milliseconds(250), std::chrono::milliseconds(800)};
  Clock::time_point failed_at_{};
  Duration usual_{};  // the backoff's, with its jitter
  Duration alone_{};  // the same, alone on its line
  Duration own_cost_{};
  double jitter_ = 1;
};

}  // namespace webmacs
