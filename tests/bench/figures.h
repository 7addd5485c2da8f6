#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace webmacs {

// The value below which `part` (0 … 1) of them lie; sorts. 0 when there are none.
inline double percentile(std::vector<double>& values, double part) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(part * static_cast<double>(values.size())))];
}

}  // namespace webmacs
