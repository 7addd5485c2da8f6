#pragma once
// value = raw × scale + offset, as decimals: the double nearest to the exact result, the same on every processor. Made
// once for each event; pure.

#include "hardware/decimal.h"

#include <cstdint>

namespace webmacs {

class Scaling {
 public:
  explicit Scaling(const Decimal& scale = {1, 0}, const Decimal& offset = {0, 0});

  const Decimal& scale() const { return scale_; }
  const Decimal& offset() const { return offset_; }
  bool changes_nothing() const { return scale_ == Decimal{1, 0} && offset_ == Decimal{}; }

  // Infinite beyond a double's range.
  double apply(std::int64_t raw) const {
    // Whole numbers up to 2^53 and a power of ten up to 10^22 are exact, so that their quotient is rounded once.
    if (raw >= -most_raw_ && raw <= most_raw_) return static_cast<double>(raw * factor_ + addend_) / divisor_;
    return apply(Decimal{raw, 0});
  }
  double apply(std::uint64_t raw) const;
  double apply(const Decimal& raw) const;

 private:
  Decimal scale_;
  Decimal offset_;
  // (raw × factor + addend) / divisor, for raws up to ±most_raw_; -1 where there are none.
  std::int64_t factor_ = 0;
  std::int64_t addend_ = 0;
  double divisor_ = 1;
  std::int64_t most_raw_ = -1;
};

// Whether they read the same in the rig file.
inline bool operator==(const Scaling& a, const Scaling& b) {
  return a.scale() == b.scale() && a.offset() == b.offset();
}

}  // namespace webmacs
