#include "server/store/summary.h"

namespace webmacs {

Summary Summary::of(const Point& point) {
  Summary summary;
  summary.first = summary.last = summary.silent_since = point.time;
  if (point.value) {
    summary.has_good = true;
    summary.min_time = summary.max_time = point.time;
    summary.min_value = summary.max_value = *point.value;
  } else {
    summary.bad = point.time;
  }
  return summary;
}

void Summary::append(const Summary& later) {
  if (later.first - last > silence) {
    silence = later.first - last;
    silent_since = last;
  }
  if (later.silence > silence) {
    silence = later.silence;
    silent_since = later.silent_since;
  }
  last = later.last;
  if (!bad) bad = later.bad;
  if (!later.has_good) return;
  if (!has_good || later.min_value < min_value) {
    min_time = later.min_time;
    min_value = later.min_value;
  }
  if (!has_good || later.max_value > max_value) {
    max_time = later.max_time;
    max_value = later.max_value;
  }
  has_good = true;
}

}  // namespace webmacs
