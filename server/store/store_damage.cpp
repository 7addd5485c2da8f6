#include "server/store/store_damage.h"

#include "common/log.h"

namespace webmacs {
namespace {

constexpr std::chrono::hours between_lines{24};

}  // namespace

void StoreDamage::note(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  ++count_;
  if (first_reason_.empty()) first_reason_ = reason;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_line_) return;
  next_line_ = now + between_lines;
  log_error("{}; what is not on a damaged page is read and written all the same", reason);
}

std::uint64_t StoreDamage::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

std::string StoreDamage::first_reason() const {
  const std::lock_guard lock(mutex_);
  return first_reason_;
}

}  // namespace webmacs
