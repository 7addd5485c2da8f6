// Modbus TCP: frames are cut by their length and matched by their transaction. A late reply is known by its transaction
// and thrown away; only bytes that are no frame make the connection useless.

#include "common/error_text.h"
#include "hardware/modbus_exchange.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace webmacs {
namespace {

using Kind = ReadOutcome::Kind;
using std::chrono::duration_cast;
using std::chrono::microseconds;

constexpr std::size_t most_late = 64;  // requests that timed out and are remembered

class TcpExchange : public ModbusExchange {
 public:
  explicit TcpExchange(const ExchangeSite& site) : site_(site) {}

  void connected(int descriptor) override {
    descriptor_ = descriptor;
    size_ = 0;
    late_.clear();
  }

  std::optional<Clock::time_point> blocked_until(const ReadRequest&, bool) override { return std::nullopt; }

  bool clear() override {
    for (;;) {
      const ssize_t got = ::read(descriptor_, buffer_.data() + size_, buffer_.size() - size_);
      if (got > 0) {
        size_ += static_cast<std::size_t>(got);
        if (!take_frames({}, Clock::now())) return false;
        continue;
      }
      if (got < 0 && errno == EINTR) continue;
      if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return false;
      return size_ == 0 || begins_late_reply();
    }
  }

  bool run(std::span<Exchange> asked, microseconds timeout) override {
    tags_.clear();
    for (Exchange& each : asked) {
      if (each.done) continue;
      if (++transaction_ == 0) ++transaction_;  // zero bytes behind a reply would begin a late one
      each.transaction = transaction_;
      tags_.push_back({each.request, each.transaction});
    }
    sent_ = waited_from_ = Clock::now();
    wrong_transaction_ = false;
    const bool behind_a_piece = size_ > 0;
    if (!site_.channel.send(tags_)) {
      end_all(asked, {Kind::disconnected, 0, error_text(errno)});
      return false;
    }
    for (auto deadline = sent_ + timeout; open_in(asked);) {
      const Interrupt::Wake wake = site_.interrupt.wait(descriptor_, POLLIN, deadline);
      if (wake == Interrupt::Wake::interrupted) {
        end_all(asked, {Kind::interrupted, 0, "interrupted"});
        return false;
      }
      if (wake == Interrupt::Wake::deadline) {
        time_out(asked, timeout, size_ == 0 ? "no reply" : "the reply was not whole in time");
        return true;
      }
      const ssize_t got = ::read(descriptor_, buffer_.data() + size_, buffer_.size() - size_);
      if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) continue;
      if (got <= 0) {
        const std::string why = got < 0      ? error_text(errno)
                                : size_ == 0 ? "closed by the device"
                                             : "closed inside a reply";
        end_all(asked, {Kind::disconnected, 0, why});
        return false;
      }
      size_ += static_cast<std::size_t>(got);
      const Clock::time_point now = Clock::now();
      if (now > deadline) {  // a value would get a time stamp that is not its own, whoever was slow
        time_out(asked, timeout, "the reply was read too late");
        return true;
      }
      const std::size_t open = open_in(asked);
      if (!take_frames(asked, now)) {
        // Behind a piece of an earlier reply that never became whole, the connection is at fault and not this answer.
        end_all(asked, {behind_a_piece ? Kind::disconnected : Kind::bad_reply, 0, "what came is no Modbus TCP frame"});
        return false;
      }
      if (open_in(asked) < open) deadline = now + timeout;
    }
    return nothing_behind();
  }

 private:
  struct LateRequest {
    std::uint16_t transaction;
    Clock::time_point sent;
    microseconds timeout;
  };

  static std::size_t open_in(std::span<const Exchange> asked) {
    return static_cast<std::size_t>(
        std::count_if(asked.begin(), asked.end(), [](const Exchange& each) { return !each.done; }));
  }

  static void end_all(std::span<Exchange> asked, const ReadOutcome& outcome) {
    for (Exchange& each : asked) {
      if (!each.done) each.end(outcome);
    }
  }

  // False when the framing is lost.
  bool take_frames(std::span<Exchange> asked, Clock::time_point now) {
    std::size_t at = 0;
    bool in_step = true;
    while (at < size_ && in_step) {
      const TcpFrame frame = first_tcp_frame({buffer_.data() + at, size_ - at});
      if (frame.state == TcpFrame::State::incomplete) break;
      in_step = frame.state == TcpFrame::State::whole;
      if (!in_step) break;
      take_frame(asked, frame, now);
      at += frame.size;
    }
    std::copy(buffer_.begin() + static_cast<long>(at), buffer_.begin() + static_cast<long>(size_), buffer_.begin());
    size_ -= at;
    return in_step;
  }

  void take_frame(std::span<Exchange> asked, const TcpFrame& frame, Clock::time_point now) {
    for (Exchange& each : asked) {
      if (each.done || each.transaction != frame.transaction) continue;
      answer(each, frame.body, now);
      return;
    }
    take_late(frame, now);
  }

  void answer(Exchange& exchange, ByteView body, Clock::time_point now) {
    const ReplyCheck check = check_reply(exchange.request, body);
    const auto waited = duration_cast<microseconds>(now - waited_from_);
    waited_from_ = now;
    last_answered_ = &exchange;
    switch (check.verdict) {
      case ReplyCheck::Verdict::good:
        unpack_reply(exchange.request, check.data, exchange.words);
        exchange.end({.kind = Kind::good});
        break;
      case ReplyCheck::Verdict::exception:
        exchange.end({.kind = Kind::exception, .exception = check.exception});
        break;
      case ReplyCheck::Verdict::bad:
        exchange.end({.kind = check.flaw == Flaw::count ? Kind::wrong_count : Kind::bad_reply,
                      .detail = flaw_text(exchange.request, body, check.flaw)});
        break;
    }
    if (check.verdict == ReplyCheck::Verdict::exception && means_silence(check.exception)) {
      site_.stall.note_silence(exchange.request.unit, waited, exchange.again);
    } else {
      site_.stall.note_answer(exchange.request.unit, waited);
    }
  }

  // Bytes behind the last answer that begin no late reply: its length was wrong, and who knows what else.
  bool nothing_behind() {
    if (size_ == 0 || begins_late_reply()) return true;
    last_answered_->end({Kind::bad_reply, 0, "more bytes came than the length of the frame says"});
    return false;
  }

  void take_late(const TcpFrame& frame, Clock::time_point now) {
    const auto found = std::find_if(late_.begin(), late_.end(),
                                    [&](const LateRequest& each) { return each.transaction == frame.transaction; });
    if (found == late_.end()) {
      wrong_transaction_ = true;
      return;
    }
    const bool silence = frame.body.size() == 3 && (frame.body[1] & 0x80) != 0 && means_silence(frame.body[2]);
    if (!silence) {
      const int unit = frame.body[0];
      site_.report.late_reply(unit, duration_cast<microseconds>(now - found->sent), found->timeout);
      site_.stall.note_answer(unit, duration_cast<microseconds>(now - waited_from_));
    }
    late_.erase(found);
  }

  void time_out(std::span<Exchange> asked, microseconds timeout, const char* why) {
    auto waited = duration_cast<microseconds>(Clock::now() - waited_from_);
    for (Exchange& each : asked) {
      if (each.done) continue;
      if (late_.size() == most_late) late_.erase(late_.begin());
      late_.push_back({each.transaction, sent_, timeout});
      each.end(wrong_transaction_ ? ReadOutcome{Kind::bad_reply, 0, "the answer has another transaction number"}
                                  : ReadOutcome{Kind::timeout, 0, why});
      site_.stall.note_silence(each.request.unit, waited, each.again);
      waited = microseconds(0);
    }
  }

  bool begins_late_reply() const {
    return std::any_of(late_.begin(), late_.end(), [&](const LateRequest& each) {
      return buffer_[0] == each.transaction >> 8 && (size_ == 1 || buffer_[1] == (each.transaction & 0xFF));
    });
  }

  const ExchangeSite site_;
  int descriptor_ = -1;
  std::array<std::uint8_t, (std::size_t{most_pipelined} + 1) * longest_tcp_frame> buffer_;
  std::size_t size_ = 0;
  std::uint16_t transaction_ = 0;
  std::vector<LateRequest> late_;  // the oldest first
  // Of the round that runs.
  std::vector<TaggedRequest> tags_;
  Clock::time_point sent_;
  Clock::time_point waited_from_;
  bool wrong_transaction_ = false;
  Exchange* last_answered_ = nullptr;
};

}  // namespace

std::unique_ptr<ModbusExchange> make_tcp_exchange(const ExchangeSite& site) {
  return std::make_unique<TcpExchange>(site);
}

}  // namespace webmacs
