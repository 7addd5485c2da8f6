#include "hardware/gateway_stall.h"

namespace webmacs {
namespace {

using namespace std::chrono_literals;

// A gateway that is silent for longer than any waits for a unit is at fault itself.
constexpr auto longest_stall = 30s;

}  // namespace

void GatewayStall::note_silence(int unit, Duration waited, bool again) {
  if (!open_ || (open_->unit == unit && !again)) open_ = Silence{.unit = unit};
  (open_->unit == unit ? open_->own : open_->others) += waited;
}

void GatewayStall::note_answer(int unit, Duration waited) {
  if (!open_) {
    costs_[static_cast<std::size_t>(unit)] = Duration(0);
    return;
  }
  const Duration cost = open_->unit == unit ? Duration(0) : open_->own + open_->others + waited;
  costs_[static_cast<std::size_t>(open_->unit)] = cost;
  open_.reset();
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
