#include "hardware/line_report.h"

#include "common/seconds.h"

#include <algorithm>

namespace webmacs {

void LineReport::late_reply(int unit, std::chrono::microseconds after, std::chrono::microseconds timeout) {
  const auto now = std::chrono::steady_clock::now();
  Lateness& late = late_by_unit_[static_cast<std::size_t>(unit)];
  late.longest = now - late.last > std::chrono::hours(1) ? after : std::max(after, late.longest);
  late.last = now;
  ++late.replies;
  late_log_.write(
      fmt::format("{}: unit {} replied {:.3g} s after its request and was not waited for (timeout {:.3g} s): "
                  "raise timeout",
                  line_, unit, in_seconds(after), in_seconds(timeout)));
}

void LineReport::noise(std::size_t bytes) {
  noise_bytes_ += bytes;
  noise_log_.write(
      fmt::format("{}: {} bytes beside correct frames were skipped, {} in all", line_, bytes, noise_bytes_));
}

void LineReport::strange_frame(ByteView body) {
  last_strange_ = std::chrono::steady_clock::now();
  strange_log_.write(
      fmt::format("{}: unit {} sent a reply (function {}) that was not asked for; is there another "
                  "master on this line?",
                  line_, body[0], body[1] & 0x7F));
}

bool LineReport::another_master(std::chrono::steady_clock::time_point now) const {
  return last_strange_ && now - *last_strange_ < std::chrono::hours(1);
}

std::string flaw_text(const ReadRequest& request, ByteView body, Flaw flaw) {
  switch (flaw) {
    case Flaw::unit:
      return fmt::format("unit {} answered for unit {}: write unit = {}?", body[0], request.unit, body[0]);
    case Flaw::function:
      return fmt::format("the answer has function {} instead of {}", body[1], read_function(request.kind));
    case Flaw::count:
      return fmt::format("{} bytes came where {} make {} {}", body[2], data_bytes(request), request.count,
                         is_bits(request.kind) ? "bits" : "registers");
    case Flaw::exception_code:
      return "exception 0 does not exist";
    case Flaw::none:
      break;
  }
  return "";
}

}  // namespace webmacs
