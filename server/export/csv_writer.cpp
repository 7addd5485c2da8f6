#include "server/export/csv_writer.h"

#include "common/timestamp.h"
#include "server/store/datapoint_id.h"

namespace webmacs {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::int64_t microseconds_per_second = 1000000;
constexpr std::size_t up_to_seconds = 20;  // "2025-01-15T14:32:10."

// A character alone is no formula: "-" is the unit of what has none.
bool looks_like_formula(std::string_view text) {
  return text.size() > 1 && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
}

void append_cell(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

// What people have written.
void append_text_cell(std::string& out, const std::string& text) {
  append_cell(out, looks_like_formula(text) ? "'" + text : text);
}

std::string column_name(const EventDescription& event) {
  std::string name = event.name.empty() ? event.event_public_id : event.name;
  if (!event.unit.empty()) name += " [" + event.unit + "]";
  if (!event.name.empty()) name += " (" + event.event_public_id + ")";
  return name;
}

}  // namespace

std::optional<CsvShape> parse_csv_shape(std::string_view text) {
  if (text == "long") return CsvShape::long_form;
  if (text == "wide") return CsvShape::wide;
  return std::nullopt;
}

CsvWriter::CsvWriter(CsvShape shape, const std::vector<EventRecord>& events) : shape_(shape) {
  if (shape_ == CsvShape::wide) {
    make_wide(events);
  } else {
    make_long(events);
  }
  header_ += line_end;
}

void CsvWriter::make_long(const std::vector<EventRecord>& events) {
  header_ = "timestamp,event_public_id,event_name,value,unit,quality,datapoint_public_id";
  for (const EventRecord& event : events) {
    Event& texts = events_.emplace_back();
    texts.before_value = ',' + event.description.event_public_id + ',';
    append_text_cell(texts.before_value, event.description.name);
    texts.before_value += ',';
    texts.good = ',';
    append_text_cell(texts.good, event.description.unit);
    const std::string id = datapoint_public_id(event.key, Timestamp());
    const std::string id_of_event = id.substr(0, id.size() - datapoint_id_time_digits);
    texts.bad = texts.good + ",bad," + id_of_event;
    texts.good += ",good," + id_of_event;
  }
}

void CsvWriter::make_wide(const std::vector<EventRecord>& events) {
  header_ = "timestamp";
  for (const EventRecord& event : events) {
    header_ += ',';
    append_text_cell(header_, column_name(event.description));
  }
  row_.resize(events.size());
}

// Most rows share their second with the row before, many the whole time.
void CsvWriter::set_time(Timestamp time) {
  time_ = time;
  const std::int64_t second = to_microseconds(time) / microseconds_per_second;
  if (second != second_) {
    second_ = second;
    time_text_.clear();
    append_timestamp(time_text_, time);
  } else {
    char digits[] = "000000Z";
    std::int64_t rest = to_microseconds(time) % microseconds_per_second;
    const bool milliseconds_suffice = rest % 1000 == 0;
    for (int i = 5; i >= 0; --i, rest /= 10) digits[i] = static_cast<char>('0' + rest % 10);
    if (milliseconds_suffice) digits[3] = 'Z';
    time_text_.resize(up_to_seconds);
    time_text_.append(digits, milliseconds_suffice ? 4 : 7);
  }
  if (shape_ == CsvShape::long_form) {
    id_text_.clear();
    append_datapoint_id_time(id_text_, time);
    id_text_ += line_end;
  }
}

void CsvWriter::append(std::string& out, std::size_t event, const Point& point) {
  if (shape_ == CsvShape::wide) {
    if (point.time != time_) {
      finish(out);
      set_time(point.time);
    }
    has_row_ = true;
    row_[event] = point.value;
    return;
  }
  if (point.time != time_) set_time(point.time);
  const Event& texts = events_[event];
  out += time_text_;
  out += texts.before_value;
  if (point.value) append_number(out, *point.value);
  out += point.value ? texts.good : texts.bad;
  out += id_text_;
  ++rows_;
}

void CsvWriter::finish(std::string& out) {
  if (!has_row_) return;
  has_row_ = false;
  out += time_text_;
  for (std::optional<double>& value : row_) {
    out += ',';
    if (value) append_number(out, *value);
    value.reset();
  }
  out += line_end;
  ++rows_;
}

}  // namespace webmacs
