#pragma once
// What is known about the reads of one unit that fail while the unit answers: single values that are refused or not
// answered, and values that can be read, but not together. All of it is tried again now and then. Pure but for the log;
// used by one device, on its line's thread.

#include "common/backoff.h"
#include "hardware/read_plan.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace webmacs {

class ReadTroubles {
 public:
  using Clock = std::chrono::steady_clock;

  // `who` begins each log line.
  explicit ReadTroubles(std::string who) : who_(std::move(who)) {}

  // No request may cover these, and the version counts up with each change: plans made before are stale.
  const ReadHoles& holes() const { return holes_; }
  std::uint64_t version() const { return version_; }
  bool empty() const { return troubles_.empty() && seams_.empty(); }

  // Why this value is not asked for now; null when it is.
  const std::string* resting(const PlannedRead& read, Clock::time_point now) const;
  // Why this value was bad, when that was because of its silence; null else.
  const std::string* silent(const PlannedRead& read) const;
  bool known(const PlannedRead& read) const { return find(read) != nullptr; }

  // The unit refuses this value by itself: asked for again after 1 s … 60 s. `may_pass`: after the first time in a row
  // at the next poll.
  void remember_refusal(const PlannedRead& read, const std::string& reason, Clock::time_point now,
                        bool may_pass = false);
  // The unit does not answer for it, which cost the line so long: asked for again at the next poll, then in turn with
  // all others that are silent, seldom enough that they cost a twentieth of the time together. When one of them is
  // answered for, the others are asked for, too, until one is not.
  void remember_silence(const PlannedRead& read, const std::string& reason, Clock::time_point now,
                        std::chrono::microseconds cost);
  // It was read with others in vain, and nobody will look which of them it is: as if it had been silent twice.
  void assume_silence(const PlannedRead& read, const std::string& reason, Clock::time_point now,
                      std::chrono::microseconds cost);
  // They may all be there again.
  void let_silent_ones_try();
  void forget(const PlannedRead& read);

  // `left` and `right` were read well, but their union was not: kept apart for 1 min, then 2 min … 1 h.
  void remember_seam(const PlannedRead& left, const PlannedRead& right, Clock::time_point now);
  void forget_old_seams(Clock::time_point now);

  // A new connection may lead to another device: everything is tried again at once.
  void try_everything();

 private:
  struct Trouble {
    RegisterKind kind;
    int first;
    int end;
    std::string reason;
    int silences = 0;   // in a row
    int refusals = 0;   // in a row
    bool told = false;  // the log has it
    Clock::time_point ask_again{};
    Backoff backoff{std::chrono::seconds(1), std::chrono::seconds(60)};

    bool silent() const { return silences > 1; }
  };
  struct Seam {
    RegisterSpan span;
    bool kept = true;  // false: merged again, to see
    std::chrono::seconds lasts;
    Clock::time_point until{};
  };

  struct News {
    RegisterSpan span;
    Clock::time_point told;
  };

  const Trouble* find(const PlannedRead& read) const;
  Trouble& remember(const PlannedRead& read, const std::string& reason);
  bool is_news(Trouble& trouble, Clock::time_point now);
  void rest(Trouble& trouble, Clock::time_point now, std::chrono::microseconds cost);

  const std::string who_;
  ReadHoles holes_;
  std::vector<Trouble> troubles_;
  Clock::time_point silent_ones_rest_until_{};
  std::vector<Seam> seams_;
  std::vector<News> news_;  // what the log was told lately
  std::uint64_t version_ = 1;
};

}  // namespace webmacs
