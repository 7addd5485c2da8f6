#include "agent/scan.h"

#include "common/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <stdexcept>

namespace webmacs {

namespace {

using Kind = ReadOutcome::Kind;
using namespace std::chrono_literals;

constexpr int addresses = 65536;
constexpr int end_of_range = 32;      // so many refused addresses in a row, and a range is over
constexpr int patience_of_kind = 10;  // so many requests in a row without a reply, and the rest is not asked for
constexpr int attempts = 5;           // of a request that a busy unit or a lost connection delays
constexpr auto between_attempts = 300ms;

bool nobody_there(const ReadOutcome& outcome) {
  if (outcome.kind == Kind::exception) return means_silence(outcome.exception);
  return outcome.kind != Kind::good && outcome.kind != Kind::bad_reply;
}

}  // namespace

struct Scanner::Probe {
  int unit;
  RegisterKind kind;
  int limit;      // registers or bits in one request
  int least = 1;  // 2 for a unit that refuses half a float
  std::map<int, std::uint16_t> words{};
  int silent = 0;  // requests in a row without a reply
  bool unsupported = false;
  bool over() const { return unsupported || silent >= patience_of_kind; }
};

Scanner::Scanner(const ScanTarget& target, ScanWatch watch)
    : target_(target), watch_(std::move(watch)), line_(make_modbus_line(target.device)), words_(2000) {}

// A busy unit and a line that is being reopened get a little time; everything else is the answer.
ReadOutcome Scanner::read(const ReadRequest& request) {
  ReadOutcome outcome;
  for (int attempt = 0; attempt < attempts && !watch_.stopped(); ++attempt) {
    outcome = line_->read(request, {.timeout = target_.device.timeout}, words_.data());
    const bool passing = outcome.kind == Kind::exception
                             ? outcome.exception == device_busy || outcome.exception == acknowledge
                             : outcome.kind == Kind::no_connection && line_->connections() > 0;
    if (!passing) break;
    line_->wait(between_attempts);
  }
  return outcome;
}

std::vector<int> Scanner::find_units() {
  std::vector<int> units;
  for (int unit = target_.first_unit; unit <= target_.last_unit && !watch_.stopped(); ++unit) {
    watch_.progress(fmt::format("looking for units: {} of {}-{}, {} found", unit, target_.first_unit, target_.last_unit,
                                units.size()));
    const ReadOutcome outcome = read({unit, RegisterKind::holding, 0, 1});
    if (outcome.kind == Kind::no_connection && !watch_.stopped()) {
      throw std::runtime_error(fmt::format("{}: {}", target_.device.line(), outcome.detail));
    }
    if (outcome.kind == Kind::bad_reply) {
      log_warning("unit {}: what came back was no Modbus reply to the request: {}", unit, outcome.detail);
    } else if (!nobody_there(outcome)) {
      units.push_back(unit);
    }
  }
  return units;
}

Scanner::Answer Scanner::ask(Probe& probe, int address, int count) {
  const ReadOutcome outcome = read({probe.unit, probe.kind, address, count});
  if (outcome.kind == Kind::good) {
    probe.silent = 0;
    for (int i = 0; i < count; ++i) probe.words[address + i] = words_[static_cast<std::size_t>(i)];
    return Answer::good;
  }
  if (outcome.kind != Kind::exception || nobody_there(outcome)) {
    ++probe.silent;
    return Answer::silent;
  }
  probe.silent = 0;
  if (outcome.exception != illegal_function) return Answer::refused;
  probe.unsupported = true;
  return Answer::unsupported;
}

// Reads [first, end) in steps that double where all is readable and halve where something is not. With `until_hole` it
// is over where a range ends.
void Scanner::sweep(Probe& probe, int first, int end, bool until_hole) {
  int step = probe.least;
  int refused = 0;
  for (int at = first; at < end && !probe.over() && !watch_.stopped();) {
    if (at % 25 == 0 || step > 1) {
      watch_.progress(
          fmt::format("unit {}: {} {}, {} readable", probe.unit, to_text(probe.kind), at, probe.words.size()));
    }
    const int count = std::max(std::min(step, end - at), std::min(probe.least, addresses - at));
    const Answer answer = ask(probe, at, count);
    if (answer == Answer::good) {
      at += count;
      step = std::min(2 * step, probe.limit);
      refused = 0;
    } else if (count > probe.least) {
      step = std::max(count / 2, probe.least);
    } else {
      ++at;
      step = probe.least;
      if (until_hole && ++refused >= end_of_range) return;
    }
  }
}

void Scanner::grow_down(Probe& probe, int address) {
  while (address >= probe.least && !probe.words.contains(address - 1) && !probe.over() && !watch_.stopped()) {
    if (ask(probe, address - probe.least, probe.least) != Answer::good) return;
    address -= probe.least;
  }
}

void Scanner::sample(Probe& probe) {
  for (int at = dense_end; at < addresses && !probe.over() && !watch_.stopped(); ++at) {
    if ((at % 100 != 0 && at % 256 != 0) || probe.words.contains(at)) continue;
    if (at % 1000 == 0) {
      watch_.progress(
          fmt::format("unit {}: {} {}, {} readable", probe.unit, to_text(probe.kind), at, probe.words.size()));
    }
    if (ask(probe, at, std::min(probe.least, addresses - at)) != Answer::good) continue;
    grow_down(probe, at);
    sweep(probe, at + probe.least, addresses, true);
  }
}

void Scanner::map_kind(ScannedUnit& found, RegisterKind kind) {
  Probe probe{found.unit, kind, is_bits(kind) ? 2000 : 125};
  // Some units refuse a request for half a float: where single registers bring nothing, pairs are tried.
  for (probe.least = 1; probe.least <= (is_bits(kind) ? 1 : 2) && probe.words.empty(); ++probe.least) {
    sweep(probe, 0, dense_end, false);
    sample(probe);
    if (!probe.words.empty() && probe.least == 2) {
      found.notes.push_back(fmt::format("{}: reads in pairs only", to_text(kind)));
    }
  }
  if (probe.silent >= patience_of_kind) {
    found.notes.push_back(fmt::format("{}: {} requests in a row brought no reply; the rest was not asked for",
                                      to_text(kind), probe.silent));
  }
  if (probe.unsupported) found.notes.push_back(fmt::format("{}: the unit has no such function", to_text(kind)));
  const std::size_t before = found.ranges.size();
  for (const auto& [address, word] : probe.words) {
    if (found.ranges.size() == before || found.ranges.back().end() != address) {
      found.ranges.push_back({kind, address, {}});
    }
    found.ranges.back().words.push_back(word);
  }
  for (std::size_t i = before; i < found.ranges.size(); ++i) refresh(probe, found.ranges[i]);
}

// The first reading came piece by piece: numbers of several registers may have changed between their halves.
void Scanner::refresh(const Probe& probe, RegisterRange& range) {
  const int block = is_bits(range.kind) ? probe.limit : probe.limit / 2 * 2;
  for (int at = range.first; at < range.end() && !watch_.stopped(); at += block) {
    const int count = std::min(block, range.end() - at);
    if (read({probe.unit, range.kind, at, count}).kind != Kind::good) return;
    std::copy_n(words_.begin(), count, range.words.begin() + (at - range.first));
  }
}

ScannedUnit Scanner::map_unit(int unit) {
  ScannedUnit found;
  found.unit = unit;
  for (const RegisterKind kind :
       {RegisterKind::coil, RegisterKind::discrete, RegisterKind::input, RegisterKind::holding}) {
    if (!watch_.stopped()) map_kind(found, kind);
  }
  return found;
}

}  // namespace webmacs
