#include "hardware/read_troubles.h"

#include "common/log.h"

#include <algorithm>

namespace webmacs {
namespace {

using std::chrono::microseconds;
using namespace std::chrono_literals;

constexpr auto seam_lasts = 60s;
constexpr std::chrono::seconds seam_lasts_longest = 1h;
constexpr auto old_news = 10min;
constexpr int share = 20;                    // of the line's time, one part goes into values that are not answered for
constexpr microseconds longest_rest = 5min;  // of all of them, after one was asked for
constexpr microseconds longest_rest_of_one = 1h;

bool same(const RegisterSpan& a, const RegisterSpan& b) {
  return a.kind == b.kind && a.first == b.first && a.end == b.end;
}

}  // namespace

const ReadTroubles::Trouble* ReadTroubles::find(const PlannedRead& read) const {
  const auto found = std::find_if(troubles_.begin(), troubles_.end(), [&](const Trouble& trouble) {
    return trouble.kind == read.kind && trouble.first == read.address && trouble.end == read.end();
  });
  return found == troubles_.end() ? nullptr : &*found;
}

const std::string* ReadTroubles::resting(const PlannedRead& read, Clock::time_point now) const {
  const Trouble* trouble = find(read);
  if (trouble == nullptr) return nullptr;
  const bool rests = now < trouble->ask_again || (trouble->silent() && now < silent_ones_rest_until_);
  return rests ? &trouble->reason : nullptr;
}

const std::string* ReadTroubles::silent(const PlannedRead& read) const {
  const Trouble* trouble = find(read);
  return trouble != nullptr && trouble->silent() ? &trouble->reason : nullptr;
}

ReadTroubles::Trouble& ReadTroubles::remember(const PlannedRead& read, const std::string& reason) {
  Trouble* trouble = const_cast<Trouble*>(find(read));
  if (trouble == nullptr) {
    troubles_.push_back({.kind = read.kind, .first = read.address, .end = read.end(), .reason = reason});
    trouble = &troubles_.back();
    holes_.add(read.kind, read.address, read.end());
    ++version_;
  }
  trouble->reason = reason;
  return *trouble;
}

void ReadTroubles::remember_refusal(const PlannedRead& read, const std::string& reason, Clock::time_point now,
                                    bool may_pass) {
  Trouble& trouble = remember(read, reason);
  trouble.silences = 0;
  if (++trouble.refusals == 1 && may_pass) return;
  trouble.ask_again = now + trouble.backoff.next_without_jitter();
  if (!is_news(trouble, now)) return;
  log_warning("{}: {} {} is answered with {}; left out of other requests and asked for now and then", who_,
              to_text(read.kind), read.address, reason);
}

void ReadTroubles::remember_silence(const PlannedRead& read, const std::string& reason, Clock::time_point now,
                                    microseconds cost) {
  Trouble& trouble = remember(read, reason);
  trouble.refusals = 0;
  if (++trouble.silences == 1) return;  // it may have been chance
  rest(trouble, now, cost);
  if (!is_news(trouble, now)) return;
  log_warning("{}: {} {} alone is not answered ({}); left out of other requests and asked for now and then", who_,
              to_text(read.kind), read.address, reason);
}

// Whether the log is to hear of it: once, and not anew when it comes and goes.
bool ReadTroubles::is_news(Trouble& trouble, Clock::time_point now) {
  if (trouble.told) return false;
  const RegisterSpan span{trouble.kind, trouble.first, trouble.end};
  std::erase_if(news_, [&](const News& each) { return now >= each.told + old_news; });
  if (std::any_of(news_.begin(), news_.end(), [&](const News& each) { return same(each.span, span); })) return false;
  news_.push_back({span, now});
  trouble.told = true;
  return true;
}

void ReadTroubles::assume_silence(const PlannedRead& read, const std::string& reason, Clock::time_point now,
                                  microseconds cost) {
  Trouble& trouble = remember(read, reason);
  trouble.silences = std::max(trouble.silences, 2);
  rest(trouble, now, cost);
}

void ReadTroubles::rest(Trouble& trouble, Clock::time_point now, microseconds cost) {
  const auto pause = std::min<microseconds>(share * cost, longest_rest);
  silent_ones_rest_until_ = now + pause;
  const auto silent =
      std::count_if(troubles_.begin(), troubles_.end(), [](const Trouble& each) { return each.silent(); });
  trouble.ask_again = now + std::max<microseconds>(trouble.backoff.next_without_jitter(),
                                                   std::min<microseconds>(silent * pause, longest_rest_of_one));
}

void ReadTroubles::forget(const PlannedRead& read) {
  const Trouble* trouble = find(read);
  if (trouble == nullptr) return;
  if (trouble->told) log_info("{}: {} {} reads again", who_, to_text(read.kind), read.address);
  holes_.remove(read.kind, read.address, read.end());
  if (trouble->silent()) let_silent_ones_try();
  troubles_.erase(troubles_.begin() + (trouble - troubles_.data()));
  ++version_;
}

void ReadTroubles::let_silent_ones_try() {
  silent_ones_rest_until_ = {};
  for (Trouble& each : troubles_) {
    if (each.silent()) each.ask_again = {};
  }
}

void ReadTroubles::remember_seam(const PlannedRead& left, const PlannedRead& right, Clock::time_point now) {
  const RegisterSpan span = seam_between(left, right);
  auto seam = std::find_if(seams_.begin(), seams_.end(), [&](const Seam& each) { return same(each.span, span); });
  if (seam == seams_.end()) {
    seam = seams_.insert(seams_.end(), {.span = span, .lasts = seam_lasts});
  } else {
    seam->lasts = std::min(2 * seam->lasts, seam_lasts_longest);
  }
  seam->kept = true;
  seam->until = now + seam->lasts;
  holes_.add(span.kind, span.first, span.end);
  ++version_;
}

void ReadTroubles::forget_old_seams(Clock::time_point now) {
  for (Seam& seam : seams_) {
    if (!seam.kept || now < seam.until) continue;
    seam.kept = false;
    holes_.remove(seam.span.kind, seam.span.first, seam.span.end);
    ++version_;
  }
  // One that has not shown again for as long as it was kept was not there for long.
  std::erase_if(seams_, [&](const Seam& seam) { return !seam.kept && now >= seam.until + seam.lasts; });
}

void ReadTroubles::try_everything() {
  silent_ones_rest_until_ = {};
  for (Trouble& trouble : troubles_) {
    trouble.ask_again = {};
    trouble.backoff.reset();
  }
  if (seams_.empty()) return;
  for (const Seam& seam : seams_) holes_.remove(seam.span.kind, seam.span.first, seam.span.end);
  seams_.clear();
  ++version_;
}

}  // namespace webmacs
