#include "hardware/gateway_stall.h"

namespace webmacs {
namespace {

using namespace std::chrono_literals;

// A gateway that is silent for longer than any waits for a unit is at fault itself.
constexpr auto longest_stall = 30s;

// A try that the gateway has not come to after so many answers of others was forgotten by it.
constexpr int most_answers = 30;

}  // namespace

void GatewayStall::note_silence(int unit, Duration waited, bool again) {
  if (suspect_ && suspect_->unit == unit) suspect_.reset();
  if (!open_ && suspect_) {
    open_ = Silence{.unit = suspect_->unit, .tries = suspect_->tries, .resumed = true};
  } else if (!open_ || (open_->unit == unit && !again)) {
    open_ = Silence{.unit = unit};
  }
  (open_->unit == unit ? open_->own : open_->others) += waited;
  if (open_->unit == unit) ++open_->tries;
}

void GatewayStall::note_answer(int unit, Duration waited) {
  if (suspect_ && (suspect_->unit == unit || ++suspect_->answers > most_answers)) suspect_.reset();
  if (!open_) {
    costs_[static_cast<std::size_t>(unit)] = Duration(0);
    return;
  }
  const Silence silence = *open_;
  open_.reset();
  Duration& cost = costs_[static_cast<std::size_t>(silence.unit)];
  if (silence.unit == unit) {
    cost = Duration(0);
    return;
  }
  cost = (silence.resumed ? cost : Duration(0)) + silence.own + silence.others + waited;
  suspect_.reset();
  if (silence.tries > 1 && silence.others > Duration(0)) suspect_ = {.unit = silence.unit, .tries = silence.tries - 1};
}

bool GatewayStall::behind_another(int unit) const {
  return open_ && open_->unit != unit && open_->others < longest_stall;
}

bool GatewayStall::stops_others(int unit) const {
  return open_ && open_->unit == unit && open_->others > Duration(0) && open_->others < longest_stall;
}

GatewayStall::Duration GatewayStall::cost(int unit) const {
  return costs_[static_cast<std::size_t>(unit)];
}

}  // namespace webmacs
