#include "server/store/series.h"

#include "common/timestamp.h"
#include "server/store/summary.h"

#include <algorithm>

namespace webmacs {
namespace {

constexpr std::size_t piece = 8192;

// Gathers datapoints and summaries in order into parts of equal length.
class Parts {
 public:
  Parts(Timestamp from, Timestamp to, std::size_t count)
      : from_(to_microseconds(from)), length_(std::max<std::int64_t>(1, (to_microseconds(to) - from_) / count + 1)) {}

  void add(const Summary& summary) {
    const std::int64_t part = (to_microseconds(summary.first) - from_) / length_;
    if (parts_.empty() || part != current_) {
      parts_.push_back(summary);
      current_ = part;
    } else {
      parts_.back().append(summary);
    }
  }
  // Two and two become one.
  void halve() {
    std::vector<Summary> halved;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (i % 2 == 0) {
        halved.push_back(parts_[i]);
      } else {
        halved.back().append(parts_[i]);
      }
    }
    parts_.swap(halved);
  }
  const std::vector<Summary>& all() const { return parts_; }

 private:
  const std::int64_t from_, length_;
  std::int64_t current_ = 0;
  std::vector<Summary> parts_;
};

// Reads a range by its coarsest summaries, and what they do not cover by the finer ones.
class Reader {
 public:
  Reader(Store& store, std::int64_t event, Parts& parts)
      : store_(store), event_(event), mark_(store.summary_mark(event)), parts_(parts) {}

  void read(int level, std::int64_t from, std::int64_t to) {
    if (from >= to) return;
    if (level == 0) return read_points(from, to);
    const std::int64_t width = summary_width(level);
    const std::int64_t begin = (from + width - 1) / width * width;
    const std::int64_t end = std::min(to, mark_) / width * width;
    if (begin >= end) return read(level - 1, from, to);
    read(level - 1, from, begin);
    summaries_.clear();
    store_.read_summaries(event_, level, begin, end, summaries_);
    visit_summarised(
        summaries_, level, begin, end, [this](const Summary& summary) { parts_.add(summary); },
        [this](std::int64_t gap_begin, std::int64_t gap_end) { read_points(gap_begin, gap_end); });
    read(level - 1, end, to);
  }

 private:
  void read_points(std::int64_t from, std::int64_t to) {
    for (bool more = true; more;) {
      store_.read(event_, from_microseconds(from), from_microseconds(to), piece, points_);
      for (const Point& point : points_) parts_.add(Summary::of(point));
      more = points_.size() == piece;
      if (more) from = to_microseconds(points_.back().time) + 1;
    }
  }

  Store& store_;
  const std::int64_t event_;
  const std::int64_t mark_;
  Parts& parts_;
  std::vector<Summary> summaries_;
  std::vector<Point> points_;
};

class Line {
 public:
  explicit Line(std::chrono::microseconds gap) : gap_(gap) {}

  void add(const Summary& part) {
    if (before_ && part.first - *before_ > gap_) add_gap(*before_ + gap_);
    before_ = part.last;
    std::vector<SeriesPoint> points;
    if (part.has_good) {
      points.push_back({part.min_time, part.min_value});
      if (part.max_time != part.min_time) points.push_back({part.max_time, part.max_value});
    }
    if (part.bad) points.push_back({*part.bad, std::nullopt});
    if (part.silence > gap_) points.push_back({part.silent_since + gap_, std::nullopt});
    std::sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
    for (const SeriesPoint& point : points) {
      if (point.value) {
        points_.push_back(point);
      } else {
        add_gap(point.time);
      }
    }
  }
  std::vector<SeriesPoint> take() { return std::move(points_); }

 private:
  // One null is enough.
  void add_gap(Timestamp time) {
    if (points_.empty() || points_.back().value) points_.push_back({time, std::nullopt});
  }

  const std::chrono::microseconds gap_;
  std::optional<Timestamp> before_;
  std::vector<SeriesPoint> points_;
};

std::vector<SeriesPoint> draw(const std::vector<Summary>& parts, std::chrono::microseconds gap) {
  Line line(gap);
  for (const Summary& part : parts) line.add(part);
  return line.take();
}

std::vector<Summary> summaries_of(const std::vector<Point>& points) {
  std::vector<Summary> summaries;
  summaries.reserve(points.size());
  for (const Point& point : points) summaries.push_back(Summary::of(point));
  return summaries;
}

int level_for(std::int64_t part_length) {
  int level = most_summary_level;
  while (level > 0 && summary_width(level) > part_length) --level;
  return level;
}

// The first and the last datapoint stand in the answer, too, whatever they are.
void keep_ends(Store& store, std::int64_t event, const std::vector<Summary>& parts, std::vector<SeriesPoint>& line) {
  const auto keep = [&](Timestamp time, auto at) {
    std::vector<Point> points;
    store.read(event, time, time + std::chrono::microseconds(1), 1, points);
    if (!points.empty() && points[0].value) line.insert(at(), {time, points[0].value});
  };
  if (parts.empty()) return;
  if (line.empty() || line.front().time > parts.front().first) {
    keep(parts.front().first, [&] { return line.begin(); });
  }
  if (line.back().time < parts.back().last) keep(parts.back().last, [&] { return line.end(); });
}

}  // namespace

std::chrono::microseconds gap_after(const EventRecord& event) {
  using std::chrono::microseconds;
  const auto& interval =
      event.description.max_silence ? event.description.max_silence : event.description.poll_interval;
  if (!interval) return std::chrono::seconds(30);
  return std::max(microseconds(std::chrono::seconds(2)), microseconds(static_cast<std::int64_t>(*interval * 3e6)));
}

std::vector<SeriesPoint> read_series(Store& store, const EventRecord& event, Timestamp from, Timestamp to,
                                     std::size_t max_points) {
  const auto gap = gap_after(event);
  std::vector<Point> few;
  store.read(event.key, from, to, max_points + 1, few);
  if (few.size() <= max_points) {
    auto line = draw(summaries_of(few), gap);
    if (line.size() <= max_points) return line;
  }
  // Two points each, and two for the ends.
  const std::size_t count = (max_points - 2) / 2;
  Parts parts(from, to, count);
  const std::int64_t begin = to_microseconds(from);
  const std::int64_t end = to_microseconds(to);
  Reader(store, event.key, parts).read(level_for((end - begin) / static_cast<std::int64_t>(count)), begin, end);
  auto line = draw(parts.all(), gap);
  while (line.size() > max_points - 2 && parts.all().size() > 1) {  // nulls take their place, too
    parts.halve();
    line = draw(parts.all(), gap);
  }
  keep_ends(store, event.key, parts.all(), line);
  return line;
}

}  // namespace webmacs
