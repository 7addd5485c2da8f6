#include "hardware/simulator/simulated_line.h"

#include "common/log.h"
#include "common/timestamp.h"
#include "hardware/exception_code.h"
#include "hardware/modbus_frame.h"
#include "hardware/simulator/request_frame.h"

#include <algorithm>
#include <system_error>

namespace webmacs {
namespace {

using std::chrono::microseconds;
using Thrown = std::optional<FaultDice::Thrown>;

bool is(const Thrown& thrown, Fault fault) {
  return thrown && thrown->fault == fault;
}

bool is_exception(const Pdu& pdu) {
  return (pdu.bytes[0] & 0x80) != 0;
}

struct Read {  // of functions 1 to 4
  RegisterKind kind;
  int first;
  int count;
};
std::optional<Read> read_of(const std::vector<std::uint8_t>& pdu) {
  if (pdu.size() != 5) return std::nullopt;
  for (const RegisterKind kind :
       {RegisterKind::coil, RegisterKind::discrete, RegisterKind::input, RegisterKind::holding}) {
    if (read_function(kind) == pdu[0]) return Read{kind, pdu[1] << 8 | pdu[2], pdu[3] << 8 | pdu[4]};
  }
  return std::nullopt;
}

bool touches(const std::vector<SilentRange>& ranges, const Read& read) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const SilentRange& range) {
    return range.kind == read.kind && range.first < read.first + read.count && range.last >= read.first;
  });
}

// Whether what the request asks for is what comes back in the end: nothing else may then be taken for it.
bool arrives(const Thrown& thrown, const SimulatedLine& line) {
  if (!thrown) return true;
  switch (thrown->fault) {
    case Fault::late:
    case Fault::trailing:  // may be the first byte of the next reply
      return true;
    case Fault::extra:
    case Fault::leading:  // bytes around a frame with a checksum do not spoil it
    case Fault::dribble:  // without transactions it answers the same request when that is sent again
      return line.rtu_frames;
    default:
      return false;
  }
}

void note(const std::vector<SimulatedUnit::Served>& served, SessionContext& context) {
  if (!context.journal) return;
  try {
    context.journal->write(utc_now(), served);
  } catch (const std::system_error& error) {
    log_error("the journal cannot be written: {}; it ends here", error.what());
    context.journal.reset();
  }
}

// What the unit says; without bytes: nothing.
Pdu answer_of(SimulatedLine::Member& member, const Request& request, const Thrown& thrown, bool spoilt,
              SessionContext& context) {
  const UnitQuirks& quirks = member.quirks;
  const std::uint8_t function = request.pdu[0];
  if (is(thrown, Fault::exception)) return exception_pdu(function, static_cast<std::uint8_t>(thrown->exception));
  std::vector<std::uint8_t> pdu = request.pdu;
  Pdu reply;
  const auto read = read_of(pdu);
  if (read && touches(quirks.silent, *read)) return {};
  if (read && context.dice.hole_in(request.unit, function, read->first, read->first + read->count)) {
    reply = exception_pdu(function, illegal_address);
  } else if (read && read->count > quirks.longest) {
    reply = exception_pdu(function, illegal_value);
  } else {
    if (read) {
      const int most = is(thrown, Fault::short_read) ? std::max(read->count - 1, 1) : quirks.shortens;
      const int count = std::min(read->count, most);
      pdu[3] = static_cast<std::uint8_t>(count >> 8);
      pdu[4] = static_cast<std::uint8_t>(count);
    }
    const double seconds = static_cast<double>(to_microseconds(utc_now())) / 1e6;
    reply = member.unit.answer(pdu.data(), pdu.size(), seconds, spoilt);
    if (!spoilt) note(member.unit.served(), context);
  }
  const bool refuses = is_exception(reply) && reply.bytes[1] <= illegal_value;
  if (!refuses || !quirks.refusal) return reply;
  return *quirks.refusal == 0 ? Pdu{} : exception_pdu(function, static_cast<std::uint8_t>(*quirks.refusal));
}

void append_checksum(std::vector<std::uint8_t>& bytes) {
  const std::uint16_t crc = rtu_crc(bytes.data(), bytes.size());
  bytes.push_back(static_cast<std::uint8_t>(crc));
  bytes.push_back(static_cast<std::uint8_t>(crc >> 8));
}

std::vector<std::uint8_t> frame_of(const Request& request, int unit, const Pdu& pdu, const Thrown& thrown,
                                   bool rtu_frames) {
  std::vector<std::uint8_t> bytes;
  if (!rtu_frames) {
    const std::size_t length = pdu.size + 1;
    bytes.assign(request.frame.begin(), request.frame.begin() + 4);  // the request's transaction and protocol
    bytes.push_back(static_cast<std::uint8_t>(length >> 8));
    bytes.push_back(static_cast<std::uint8_t>(length));
  }
  const std::size_t at = bytes.size();
  bytes.push_back(static_cast<std::uint8_t>(unit));
  bytes.insert(bytes.end(), pdu.bytes.begin(), pdu.bytes.begin() + static_cast<long>(pdu.size));
  // RTU frames have no transaction: there a wrong unit is the nearest thing. A near one on TCP might be that of the
  // next request, which is in flight when this reply waits behind a late one.
  if (is(thrown, Fault::wrong_transaction)) bytes[rtu_frames ? at : 0] ^= rtu_frames ? 1 : 0x80;
  if (is(thrown, Fault::wrong_unit)) bytes[at] ^= 1;
  if (is(thrown, Fault::wrong_function)) bytes[at + 1] = static_cast<std::uint8_t>(bytes[at + 1] % 4 + 1);
  if (rtu_frames) append_checksum(bytes);
  if (is(thrown, Fault::wrong_checksum)) bytes.back() ^= 1;
  if (is(thrown, Fault::truncate)) bytes.resize(bytes.size() - 2);
  return bytes;
}

void add_zeros(std::vector<std::uint8_t>& bytes, int before, int behind) {
  bytes.insert(bytes.begin(), static_cast<std::size_t>(before), 0);
  bytes.insert(bytes.end(), static_cast<std::size_t>(behind), 0);
}

Reply without_unit(const Request& request, const SimulatedLine& line, bool was_there) {
  const LineQuirks& quirks = line.quirks;
  Reply reply;
  reply.delay = quirks.gateway_wait;
  int exception = quirks.gateway_says;
  // A unit without power is silent; of one that never was, a gateway that does not wait knows.
  if (quirks.gateway_wait.count() == 0) exception = line.rtu_frames || was_there ? 0 : no_answer;
  if (exception == 0) return reply;
  const Pdu pdu = exception_pdu(request.pdu[0], static_cast<std::uint8_t>(exception));
  reply.bytes = frame_of(request, request.unit, pdu, std::nullopt, line.rtu_frames);
  return reply;
}

}  // namespace

Reply reply_to(const Request& request, SimulatedLine& line, SessionContext& context) {
  ++context.requests;
  const auto found = line.members.find(request.unit);
  if (found == line.members.end() || found->second.off) return without_unit(request, line, found != line.members.end());
  SimulatedLine::Member& member = found->second;
  const auto now = SimulatedLine::Clock::now();
  const bool slept = member.quirks.sleeps.count() > 0 && now - member.last_request > member.quirks.sleeps;
  member.last_request = now;
  if (slept) return {};

  const Thrown thrown = context.dice.roll();
  if (thrown) ++context.faults;
  const Pdu pdu = answer_of(member, request, thrown, !arrives(thrown, line), context);
  Reply reply;
  reply.delay = member.quirks.reply_time;
  reply.disconnects = is(thrown, Fault::disconnect);
  const bool no_checksum = is(thrown, Fault::wrong_checksum) && !line.rtu_frames;
  if (pdu.size == 0 || reply.disconnects || no_checksum || is(thrown, Fault::drop)) return reply;
  reply.bytes = frame_of(request, member.quirks.answers_as.value_or(request.unit), pdu, thrown, line.rtu_frames);
  add_zeros(reply.bytes, is(thrown, Fault::leading) ? 1 : 0,
            is(thrown, Fault::extra)      ? 2
            : is(thrown, Fault::trailing) ? 1
                                          : 0);
  if (line.rtu_frames) add_zeros(reply.bytes, line.quirks.leading, line.quirks.trailing);
  // What waited behind another late reply is late enough by that.
  const auto waited = std::chrono::duration_cast<microseconds>(now - request.arrived);
  const auto left_of = [&](double timeouts) {
    return std::max(std::chrono::duration_cast<microseconds>(member.timeout * timeouts) - waited, microseconds(0));
  };
  if (is(thrown, Fault::late)) reply.delay += left_of(thrown->late);
  if (is(thrown, Fault::dribble)) reply.step = left_of(3) / static_cast<long>(reply.bytes.size());
  return reply;
}

}  // namespace webmacs
