// The requests of one poll (modbus_device.h): what is asked, again, apart or not at all.

#include "common/log.h"
#include "hardware/modbus_turn.h"
#include "hardware/owed_replies.h"

#include <algorithm>

namespace webmacs {
namespace {

using Kind = ReadOutcome::Kind;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using namespace std::chrono_literals;

constexpr int silences_of_an_absent_unit = 2;      // in a row, of different reads, before anything was heard
constexpr int silences_while_halving = 5;          // in a row: the others have waited for long enough
constexpr std::size_t silences_beyond_chance = 4;  // of different reads in one turn, each after its retries
// How long a unit with neighbours on its line listens for an owed reply before they get their turn.
constexpr auto patience_beside_others = 20ms;
constexpr auto longest_patience = 600s;  // whatever is owed is given up before

}  // namespace

ReadRequest ModbusDevice::request_of(const PlannedRead& read) const {
  return {settings_.unit, read.kind, read.address, read.count};
}

// ---- one request

bool ModbusDevice::may_retry(const Turn& turn, const PlannedRead& read) const {
  if (line_->interrupted() || line_->stall().behind_another(settings_.unit)) return false;
  if (troubles_.known(read)) return false;
  if (line_->units() <= 1) return true;
  return !rest_.failed() && (turn.answered || turn.silences == 0);
}

ReadOutcome ModbusDevice::request(Turn& turn, const PlannedRead& read) {
  return repeat(turn, read, request_once(request_of(read), false));
}

ReadOutcome ModbusDevice::repeat(Turn& turn, const PlannedRead& read, ReadOutcome outcome) {
  for (int retry = 0; retry < settings_.retries && outcome.silent() && may_retry(turn, read); ++retry) {
    log_debug("{}: {}; asking again", who(), outcome.description());
    outcome = request_once(request_of(read), true);
  }
  return outcome;
}

// A unit that is busy is asked again until the time of one reply has passed.
ReadOutcome ModbusDevice::request_once(const ReadRequest& request, bool again) {
  const auto deadline = Clock::now() + settings_.timeout;
  microseconds rest = 20ms;
  for (;;) {
    ++requests_;
    ReadOutcome outcome = line_->read(request, timing(), words_.data(), again);
    const bool busy =
        outcome.kind == Kind::exception && (outcome.exception == device_busy || outcome.exception == acknowledge);
    if (!busy || Clock::now() + rest >= deadline) return outcome;
    line_->wait(rest);
    rest *= 2;
    again = true;
  }
}

// ---- the reads of the plan

// A unit that is away is asked for one value, each time another one: it may be the rest of the plan that it does not
// answer.
void ModbusDevice::ask_for_one_value(Turn& turn) {
  const std::vector<Register>& registers = turn.plan.registers;
  if (turn.plan.reads.size() == 1 && turn.plan.reads[0].values.size() == 1) return;  // the plan is that
  for (std::size_t tries = 0; tries < registers.size(); ++tries) {
    const std::size_t index = next_value_++ % registers.size();
    const Register& where = registers[index];
    const PlannedRead read{where.kind, where.first(), where.end() - where.first(), {index}};
    if (troubles_.resting(read, clocks_.steady()) != nullptr) continue;
    if (!line_->wait_for_owed(request_of(read), false, Clock::now())) continue;
    judge(turn, read, request(turn, read));
    turn.silent.clear();  // it is part of a read of the plan
    return;
  }
}

// Several requests in flight, where the line can.
void ModbusDevice::ask_at_once(Turn& turn) {
  turn.asked.assign(turn.plan.reads.size(), false);
  if (settings_.pipeline <= 1 || !rest_.up() || turn.plan.reads.size() < 2) return;
  std::vector<Exchange> exchanges;
  std::vector<std::size_t> reads;
  const auto flush = [&] {
    requests_ += exchanges.size();
    line_->exchange(exchanges, timing());
    for (std::size_t i = 0; i < exchanges.size(); ++i) {
      const PlannedRead& read = turn.plan.reads[reads[i]];
      const Exchange& exchange = exchanges[i];
      if (exchange.outcome.good()) {
        note_answer(turn);
        turn.read_well = &read;
        deliver(turn, read, exchange.words);
        turn.asked[reads[i]] = true;
      } else if (exchange.outcome.refused()) {
        judge(turn, read, exchange.outcome);
        turn.asked[reads[i]] = true;
      }  // anything else is asked for by itself
    }
    note_connection();
    exchanges.clear();
    reads.clear();
  };
  for (std::size_t i = 0; i < turn.plan.reads.size(); ++i) {
    const PlannedRead& read = turn.plan.reads[i];
    if (troubles_.known(read)) continue;
    exchanges.push_back(
        {.request = request_of(read), .words = words_at_once_.data() + exchanges.size() * words_.size()});
    reads.push_back(i);
    if (exchanges.size() == static_cast<std::size_t>(settings_.pipeline)) flush();
  }
  if (!exchanges.empty()) flush();
}

// Why it is not asked for in this turn; null when it is. Of those that have been silent before one at a time is.
const std::string* ModbusDevice::resting(const Turn& turn, const PlannedRead& read) const {
  if (turn.tried_a_silent_one) {
    if (const std::string* reason = troubles_.silent(read)) return reason;
  }
  return troubles_.resting(read, clocks_.steady());
}

void ModbusDevice::ask(Turn& turn, const PlannedRead& read) {
  if (turn.asked[static_cast<std::size_t>(&read - turn.plan.reads.data())]) return;
  if (turn.over) {
    mark_bad(turn, read, turn.reason);
  } else if (const std::string* reason = resting(turn, read)) {
    mark_bad(turn, read, *reason);
  } else if (!line_->wait_for_owed(request_of(read), false, Clock::now())) {
    turn.blocked.push_back(&read);
  } else {
    judge(turn, read, request(turn, read));
  }
}

// What has to wait for an owed reply comes last. Beside other units on the line it is put off: they go on meanwhile.
void ModbusDevice::ask_blocked(Turn& turn) {
  const auto blocked = std::move(turn.blocked);
  for (const PlannedRead* read : blocked) {
    const auto patience = line_->units() <= 1 ? Clock::duration(longest_patience) : patience_beside_others;
    if (turn.over) {
      mark_bad(turn, *read, turn.reason);
    } else if (line_->wait_for_owed(request_of(*read), false, Clock::now() + patience)) {
      judge(turn, *read, request(turn, *read));
    } else {
      mark_bad(turn, *read, "waiting for an owed reply");
      for (const std::size_t value : read->values) turn.values[value].deferred = true;
    }
  }
}

void ModbusDevice::judge(Turn& turn, const PlannedRead& read, const ReadOutcome& outcome) {
  if (outcome.kind != Kind::disconnected) note_connection();
  if (outcome.good()) {
    note_answer(turn);
    turn.read_well = &read;
    if (!troubles_.empty()) troubles_.forget(read);
    deliver(turn, read, words_.data());
  } else if (outcome.refused()) {
    note_answer(turn);
    take_apart(turn, read, outcome);
  } else if (outcome.silent()) {
    turn.last_failure = outcome;
    turn.tried_a_silent_one = turn.tried_a_silent_one || troubles_.silent(read) != nullptr;
    turn.silent.push_back({&read, outcome});
    ++turn.silences;
    mark_bad(turn, read, outcome.reason());
    const bool tried_once = rest_.failed() || line_->stall().behind_another(settings_.unit);
    if (!turn.answered && (tried_once || turn.silences >= silences_of_an_absent_unit)) turn.end(outcome.reason());
  } else if (outcome.kind == Kind::no_connection || outcome.kind == Kind::interrupted) {
    turn.last_failure = outcome;
    mark_bad(turn, read, outcome.reason());
    turn.end(outcome.reason());
  } else {
    note_answer(turn);
    mark_bad(turn, read, outcome.reason());
  }
}

void ModbusDevice::finish(Turn& turn) {
  if (!turn.answered) {
    if (turn.last_failure.kind != Kind::no_connection || !turn.last_failure.detail.empty()) note_failure(turn);
    return;
  }
  // The unit answers: what it did not answer is at fault by itself.
  const bool many = turn.silent.size() >= silences_beyond_chance;
  if (many && !still_answers(turn)) return;
  for (const Turn::Silent& silent : turn.silent) {
    if (turn.over || line_->stall().behind_another(settings_.unit)) return;
    if (many && is_one_value(turn.plan, *silent.read)) {
      rest_each(turn, *silent.read, silent.outcome);
    } else {
      take_apart(turn, *silent.read, silent.outcome);
    }
  }
}

// Whether the unit was heard after the last silence; asks it once more for what it has answered in this turn.
bool ModbusDevice::still_answers(Turn& turn) {
  if (turn.silences == 0) return true;
  if (turn.read_well == nullptr || turn.over) return false;
  const ReadRequest request = request_of(*turn.read_well);
  line_->wait_for_owed(request, false, Clock::now() + longest_patience);
  return request_once(request, false).good();
}

bool ModbusDevice::is_one_value(const Plan& plan, const PlannedRead& read) {
  PlannedRead left;
  PlannedRead right;
  return !split_read(plan.registers, read, left, right);
}

// ---- what cannot be read as it is

ModbusDevice::Piece ModbusDevice::ask_piece(Turn& turn, const PlannedRead& read, ReadOutcome& outcome) {
  if (turn.over) {
    mark_bad(turn, read, turn.reason);
    return Piece::bad;
  }
  line_->wait_for_owed(request_of(read), false, Clock::now() + longest_patience);
  outcome = request_once(request_of(read), false);
  if (outcome.good()) {
    note_answer(turn);
    if (!troubles_.empty()) troubles_.forget(read);
    deliver(turn, read, words_.data());
    return Piece::good;
  }
  mark_bad(turn, read, outcome.reason());
  if (outcome.silent()) {
    if (++turn.silences >= silences_while_halving) {
      turn.too_silent = true;
      turn.end(outcome.reason());
    }
  } else if (outcome.refused() || outcome.kind == Kind::exception) {
    note_answer(turn);
  } else {
    turn.end(outcome.reason());
  }
  return Piece::bad;
}

ModbusDevice::Piece ModbusDevice::settle_piece(Turn& turn, const PlannedRead& read, Piece piece,
                                               const ReadOutcome& outcome) {
  if (piece == Piece::good || !(outcome.silent() || outcome.refused())) return piece;
  if (!turn.over) return take_apart(turn, read, outcome);
  if (turn.too_silent && outcome.silent()) rest_each(turn, read, outcome);
  return piece;
}

// A piece that was silent, and was not halved further because so many were: its values are asked for one by one, in
// turn with all that is silent.
void ModbusDevice::rest_each(const Turn& turn, const PlannedRead& read, const ReadOutcome& outcome) {
  for (const std::size_t index : read.values) {
    const Register& where = turn.plan.registers[index];
    const PlannedRead alone{where.kind, where.first(), where.end() - where.first(), {index}};
    troubles_.assume_silence(alone, outcome.reason(), clocks_.steady(), cost_of_silence());
  }
}

// Where frames carry no transaction, others of the same shape wait for what is owed.
microseconds ModbusDevice::cost_of_silence() const {
  return settings_.timeout * (settings_.transport == Transport::tcp ? 1 : 1 + OwedReplies::least_timeouts);
}

// Halves a read that failed, delivers what is readable, and remembers what is not.
ModbusDevice::Piece ModbusDevice::take_apart(Turn& turn, const PlannedRead& read, const ReadOutcome& failure) {
  PlannedRead left;
  PlannedRead right;
  if (!split_read(turn.plan.registers, read, left, right)) {
    const ReadOutcome last = repeat(turn, read, failure);
    if (last.good()) {
      note_answer(turn);
      deliver(turn, read, words_.data());
      return Piece::good;
    }
    mark_bad(turn, read, last.reason());
    if (last.silent()) {
      troubles_.remember_silence(read, last.reason(), clocks_.steady(), cost_of_silence());
    } else {
      troubles_.remember_refusal(read, last.reason(), clocks_.steady(), last.may_pass());
    }
    return Piece::bad;
  }
  ReadOutcome left_outcome;
  ReadOutcome right_outcome;
  Piece left_piece = ask_piece(turn, left, left_outcome);
  Piece right_piece = ask_piece(turn, right, right_outcome);
  left_piece = settle_piece(turn, left, left_piece, left_outcome);
  right_piece = settle_piece(turn, right, right_piece, right_outcome);
  connection_ = line_->connections();  // a device that hangs up on such reads is still the same one
  if (left_piece == Piece::good && right_piece == Piece::good) {
    troubles_.remember_seam(left, right, clocks_.steady());
    log_debug("{}: {} {}-{} is answered with {} but not its two halves; they are read apart for a while", who(),
              to_text(read.kind), read.address, read.end() - 1, failure.reason());
    return Piece::apart;
  }
  return std::max(left_piece, right_piece);
}

}  // namespace webmacs
