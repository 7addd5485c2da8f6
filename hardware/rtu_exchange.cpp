// RTU frames, on a serial line or over TCP: one request at a time, its reply found by length and checksum among
// whatever else comes, and no request sent whose answer could be mistaken (owed_replies.h).

#include "common/error_text.h"
#include "hardware/modbus_exchange.h"
#include "hardware/owed_replies.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <system_error>
#include <unistd.h>

namespace webmacs {
namespace {

using Kind = ReadOutcome::Kind;
using std::chrono::duration_cast;
using std::chrono::microseconds;

class RtuExchange : public ModbusExchange {
 public:
  RtuExchange(const ExchangeSite& site, bool echo) : site_(site), echo_(echo) {}

  void connected(int descriptor) override {
    descriptor_ = descriptor;
    size_ = 0;
  }

  std::optional<Clock::time_point> blocked_until(const ReadRequest& request, bool again) override {
    return owed_.blocked_until(request, again, Clock::now());
  }

  bool clear() override {
    for (;;) {
      const ssize_t got = receive();
      if (got > 0) {
        take_frames(nullptr);
        continue;
      }
      if (got < 0 && errno == EINTR) continue;
      // A serial line with nothing on it reads as 0; when it is gone, sending to it fails.
      if (got == 0) return !site_.channel.is_network();
      return errno == EAGAIN || errno == EWOULDBLOCK;
    }
  }

  bool run(std::span<Exchange> asked, microseconds timeout) override {
    bool usable = true;
    for (Exchange& each : asked) {
      if (each.done) continue;
      if (usable) usable = exchange(each, timeout);
      if (!each.done) each.end({Kind::disconnected, 0, "the connection broke"});
    }
    return usable;
  }

 private:
  // What is known of the request in flight beside its frame.
  struct Flight {
    Exchange& exchange;
    std::array<std::uint8_t, rtu_request_bytes> sent;
    bool anything = false;  // bytes came
    bool echo_taken = false;
    bool echo_seen = false;      // without `echo`
    bool begun = false;          // the beginning of the answer came
    bool damaged = false;        // all of it, with a wrong checksum
    std::string wrong_answer{};  // a correct frame that was not the answer
    // When one came that is the answer but for its length; another master may have asked for it.
    std::optional<Clock::time_point> miscounted{};
  };

  bool exchange(Exchange& exchange, microseconds timeout) {
    const TaggedRequest request{exchange.request};
    sent_ = Clock::now();
    const microseconds patience =
        timeout + site_.channel.time_on_wire(rtu_request_bytes + rtu_reply_size(exchange.request));
    Flight flight{exchange, rtu_request(exchange.request)};
    if (!site_.channel.send({&request, 1})) {
      exchange.end({Kind::disconnected, 0, error_text(errno)});
      return false;
    }
    const bool usable = wait_for_answer(flight, sent_ + patience);
    take_frames(nullptr);  // what came with the answer: nobody looks at it again before the next request is out
    const Clock::time_point heard = flight.miscounted.value_or(Clock::now());
    const auto waited = duration_cast<microseconds>(heard - sent_);
    const ReadOutcome& outcome = exchange.outcome;
    if (!is_sure(outcome)) owed_.add(exchange.request, sent_, patience);
    if (outcome.silent()) {
      site_.stall.note_silence(exchange.request.unit, waited, exchange.again);
    } else if (outcome.good() || outcome.kind == Kind::exception || flight.miscounted) {
      site_.stall.note_answer(exchange.request.unit, waited);
    }
    return usable;
  }

  // Whether no answer to this request can come any more. An exception has neither address nor length: where another
  // master was noticed it may be that one's.
  bool is_sure(const ReadOutcome& outcome) const {
    return outcome.good() || (outcome.kind == Kind::exception && !site_.report.another_master(Clock::now()));
  }

  bool wait_for_answer(Flight& flight, Clock::time_point deadline) {
    Exchange& exchange = flight.exchange;
    while (!exchange.done) {
      const Interrupt::Wake wake = site_.interrupt.wait(descriptor_, POLLIN, deadline);
      if (wake == Interrupt::Wake::interrupted) {
        exchange.end({Kind::interrupted, 0, "interrupted"});
        return !site_.channel.is_network();
      }
      if (wake == Interrupt::Wake::deadline) {
        exchange.end(what_came_instead(flight));
        return true;
      }
      const ssize_t got = receive();
      if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) continue;
      if (got <= 0) {
        const std::string why = got < 0           ? error_text(errno)
                                : flight.anything ? "closed inside a reply"
                                                  : "closed by the device";
        exchange.end({Kind::disconnected, 0, why});
        return false;
      }
      if (Clock::now() > deadline) {  // a value would get a time stamp that is not its own, whoever was slow
        exchange.end({Kind::timeout, 0, "the reply was read too late"});
        return true;
      }
      flight.anything = true;
      take_frames(&flight);
    }
    return true;
  }

  ssize_t receive() {
    const ssize_t got = ::read(descriptor_, buffer_.data() + size_, buffer_.size() - size_);
    if (got > 0) size_ += static_cast<std::size_t>(got);
    return got;
  }

  ByteView received() const { return {buffer_.data(), size_}; }

  void drop(std::size_t from, std::size_t to) {
    std::copy(buffer_.begin() + static_cast<long>(to), buffer_.begin() + static_cast<long>(size_),
              buffer_.begin() + static_cast<long>(from));
    size_ -= to - from;
  }

  std::optional<std::size_t> position_of(const std::array<std::uint8_t, rtu_request_bytes>& bytes) const {
    const auto end = buffer_.begin() + static_cast<long>(size_);
    const auto found = std::search(buffer_.begin(), end, bytes.begin(), bytes.end());
    if (found == end) return std::nullopt;
    return static_cast<std::size_t>(found - buffer_.begin());
  }

  // `flight` is null between requests.
  void take_frames(Flight* flight) {
    if (flight != nullptr && echo_ && !flight->echo_taken) {
      if (const auto at = position_of(flight->sent)) {
        drop(*at, *at + rtu_request_bytes);
        flight->echo_taken = true;
      }
    }
    while (flight == nullptr || !flight->exchange.done) {
      const RtuFrame frame = find_rtu_frame(received());
      if (flight != nullptr && !frame.found) look_at_pieces(*flight);
      if (frame.found) take_frame(flight, frame.body, received().subspan(frame.before, frame.size));
      if (frame.before > 0) site_.report.noise(frame.before);
      drop(0, frame.before + frame.size);
      if (!frame.found) break;
    }
    // Room for the longest frame there is; what is older begins none that could still be completed.
    if (size_ > longest_rtu_frame) drop(0, size_ - longest_rtu_frame);
  }

  void take_frame(Flight* flight, ByteView body, ByteView whole) {
    if (flight != nullptr) {
      if (std::ranges::equal(whole, flight->sent)) {
        flight->wrong_answer = "the request itself came back: write echo = true";
        return;
      }
      if (is_answer(*flight, body)) return;
    }
    const Clock::time_point now = Clock::now();
    if (const auto late = owed_.take(body, now)) {
      site_.report.late_reply(late->request.unit, late->after, late->timeout);
      site_.stall.note_answer(late->request.unit, microseconds(0));
      return;
    }
    site_.report.strange_frame(body);
    if (flight == nullptr) return;
    const ReadRequest& request = flight->exchange.request;
    const Flaw flaw = check_reply(request, body).flaw;
    if (flaw == Flaw::count) {
      flight->miscounted = now;
    } else if (flight->miscounted) {
      return;
    }
    flight->wrong_answer = flaw_text(request, body, flaw);
  }

  bool is_answer(Flight& flight, ByteView body) {
    Exchange& exchange = flight.exchange;
    const ReplyCheck check = check_reply(exchange.request, body);
    if (check.verdict == ReplyCheck::Verdict::bad) return false;
    const Clock::time_point now = Clock::now();
    if (check.verdict == ReplyCheck::Verdict::exception) {
      if (owed_.exception_in_doubt(exchange.request, now)) return false;
      exchange.end({.kind = Kind::exception, .exception = check.exception});
    } else {
      unpack_reply(exchange.request, check.data, exchange.words);
      exchange.end({.kind = Kind::good});
    }
    owed_.answered(exchange.request, sent_, now);
    return true;
  }

  // What has come is no frame, or not yet.
  void look_at_pieces(Flight& flight) const {
    const ReadRequest& request = flight.exchange.request;
    const auto body = request_body(request);
    const std::array<std::uint8_t, 3> header = {body[0], body[1], static_cast<std::uint8_t>(data_bytes(request))};
    const auto end = buffer_.begin() + static_cast<long>(size_);
    const auto begin = std::search(buffer_.begin(), end, header.begin(), header.end());
    flight.begun = flight.begun || begin != end;
    flight.damaged = flight.damaged || static_cast<std::size_t>(end - begin) >= rtu_reply_size(request);
    flight.echo_seen = flight.echo_seen || position_of(flight.sent);
  }

  static ReadOutcome what_came_instead(const Flight& flight) {
    if (flight.miscounted) return {Kind::wrong_count, 0, flight.wrong_answer};
    if (!flight.wrong_answer.empty()) return {Kind::bad_reply, 0, flight.wrong_answer};
    if (!flight.anything) return {Kind::timeout, 0, "no reply"};
    if (flight.damaged) return {Kind::bad_reply, 0, "wrong checksum"};
    if (flight.begun || flight.echo_taken) return {Kind::timeout, 0, "the reply was not whole in time"};
    if (flight.echo_seen) return {Kind::bad_reply, 0, "only the request came back: write echo = true"};
    return {Kind::bad_reply, 0, "no Modbus frame: are baud, parity and stop_bits right?"};
  }

  const ExchangeSite site_;
  const bool echo_;
  int descriptor_ = -1;
  std::array<std::uint8_t, 2 * longest_rtu_frame> buffer_;
  std::size_t size_ = 0;
  OwedReplies owed_;
  Clock::time_point sent_;  // the last request
};

}  // namespace

std::unique_ptr<ModbusExchange> make_rtu_exchange(const ExchangeSite& site, bool echo) {
  return std::make_unique<RtuExchange>(site, echo);
}

}  // namespace webmacs
