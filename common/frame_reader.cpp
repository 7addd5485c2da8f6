#include "common/frame_reader.h"

#include "common/message_text.h"
#include "common/timestamp.h"

#include <algorithm>
#include <utility>

namespace webmacs {

FrameReader::Member FrameReader::member_named(std::string_view name) {
  if (name == "event_public_id") return Member::event_public_id;
  if (name == "value") return Member::value;
  if (name == "timestamp") return Member::timestamp;
  if (name == "quality") return Member::quality;
  if (name == "reason") return Member::reason;
  if (name == "datapoints") return Member::datapoints;
  if (name == "batch") return Member::batch;
  if (name == "backlog") return Member::backlog;
  if (name == "type") return Member::type;
  return Member::other;
}

void FrameReader::fail(const char* message) {
  if (frame_error_.empty()) frame_error_ = message;
}

bool FrameReader::number_integer(Json::number_integer_t value) {
  if (value >= 0) return number_unsigned(static_cast<Json::number_unsigned_t>(value));
  return scalar({Kind::number, static_cast<double>(value)});
}

bool FrameReader::number_unsigned(Json::number_unsigned_t value) {
  Scalar scalar_value{Kind::number, static_cast<double>(value)};
  if (value <= static_cast<Json::number_unsigned_t>(max_batch_number)) {
    scalar_value.batch_number = static_cast<std::int64_t>(value);
  }
  return scalar(scalar_value);
}

bool FrameReader::string(std::string_view value) {
  const bool overflow = marked_ && !value.empty() && value.find_first_not_of(overflow_mark) == std::string::npos;
  return scalar({overflow ? Kind::overflow : Kind::text, 0, std::nullopt, value});
}

bool FrameReader::key(std::string_view name) {
  if (ignored_depth_ == 0) member_ = member_named(name);
  return true;
}

bool FrameReader::scalar(Scalar value) {
  if (ignored_depth_ > 0) return true;
  switch (place_) {
    case Place::before:
      syntax_error_ = "not a JSON object";
      return false;
    case Place::frame:
      frame_member(value);
      return true;
    case Place::datapoints:
      element_is_no_object();
      return true;
    case Place::reading:
      reading_member(element_, value);
      return true;
    case Place::after:
      break;
  }
  return true;
}

// An object or an array where none is read: its kind matters, its inside does not.
bool FrameReader::enter_ignored() {
  if (ignored_depth_ > 0) {
    ++ignored_depth_;
    return true;
  }
  const bool go_on = scalar({Kind::container});
  ignored_depth_ = 1;
  return go_on;
}

bool FrameReader::start_object(std::size_t) {
  if (ignored_depth_ == 0 && place_ == Place::before) {
    place_ = Place::frame;
    return true;
  }
  if (ignored_depth_ == 0 && place_ == Place::datapoints) {
    place_ = Place::reading;
    element_ = Draft();
    return true;
  }
  return enter_ignored();
}

bool FrameReader::end_object() {
  if (ignored_depth_ > 0) {
    --ignored_depth_;
  } else if (place_ == Place::reading) {
    add(judge(element_));
    place_ = Place::datapoints;
  } else {
    place_ = Place::after;
  }
  return true;
}

bool FrameReader::start_array(std::size_t) {
  if (ignored_depth_ > 0 || place_ != Place::frame || member_ != Member::datapoints) return enter_ignored();
  place_ = Place::datapoints;
  has_datapoints_ = true;
  count_ = 0;
  readings_.clear();
  return true;
}

bool FrameReader::end_array() {
  if (ignored_depth_ > 0) {
    --ignored_depth_;
  } else {
    place_ = Place::frame;
  }
  return true;
}

void FrameReader::frame_member(Scalar& value) {
  switch (member_) {
    case Member::batch:
      batch_ = value.batch_number;
      if (!batch_) fail("batch: not an integer from 0 to 9007199254740992");
      return;
    case Member::backlog:
      backlog_ = value.number != 0;
      if (value.kind != Kind::boolean) fail("backlog: neither true nor false");
      return;
    case Member::datapoints:
      has_datapoints_ = true;
      fail("datapoints: not an array");
      return;
    case Member::type:
      type_ = value.kind == Kind::text ? std::string(value.text) : std::string();
      return;
    default:
      reading_member(single_, value);
  }
}

void FrameReader::reading_member(Draft& draft, Scalar& value) {
  const bool text = value.kind == Kind::text;
  switch (member_) {
    case Member::event_public_id:
      draft.id = value.kind;
      if (text) draft.id_text = value.text;
      return;
    case Member::value:
      draft.value = value.kind;
      draft.number = value.number;
      return;
    case Member::timestamp:
      draft.timestamp = value.kind;
      draft.time = text ? parse_timestamp(value.text) : std::nullopt;
      return;
    case Member::quality:
      draft.quality = value.kind;
      draft.quality_word = !text                  ? Draft::other_word
                           : value.text == "bad"  ? Draft::bad_word
                           : value.text == "good" ? Draft::good_word
                                                  : Draft::other_word;
      return;
    case Member::reason:
      draft.reason = value.kind;
      if (text) draft.reason_text = value.text;
      return;
    default:
      return;
  }
}

// Empty when the reading is as the contract wants it. quality and reason may be null, which says nothing.
std::string FrameReader::error_of(const Draft& draft) {
  if (draft.id == Kind::absent) return "event_public_id: missing";
  if (draft.id != Kind::text) return "event_public_id: not a string";
  if (!valid_event_public_id(draft.id_text)) return std::string("event_public_id: ") + invalid_id;

  const bool says_quality = draft.quality != Kind::absent && draft.quality != Kind::null;
  if (says_quality && draft.quality_word == Draft::other_word) return R"(quality: neither "good" nor "bad")";
  const bool bad = draft.quality_word == Draft::bad_word;
  switch (draft.value) {
    case Kind::absent:
      return "value: missing";
    case Kind::null:
      if (!bad) return R"(value: null needs "quality":"bad")";
      break;
    case Kind::overflow:
      return "value: out of range";
    case Kind::boolean:
    case Kind::number:
      if (bad) return R"(value: must be null with "quality":"bad")";
      break;
    case Kind::text:
    case Kind::container:
      return "value: not a number";
  }
  const bool says_reason = draft.reason != Kind::absent && draft.reason != Kind::null;
  if (bad && says_reason && draft.reason != Kind::text) return "reason: not a string";

  if (draft.timestamp == Kind::absent) return {};
  if (draft.timestamp != Kind::text) return "timestamp: not a string";
  if (!draft.time) return "timestamp: not an RFC 3339 time from 1970 to 2199";
  return {};
}

ReceivedReading FrameReader::judge(Draft& draft) {
  ReceivedReading received;
  received.error = error_of(draft);
  if (!received.error.empty()) return received;
  received.reading.event_public_id = std::move(draft.id_text);
  received.has_time = draft.time.has_value();
  received.reading.time = draft.time.value_or(Timestamp());
  if (draft.value == Kind::null) {
    received.reading.reason = clean_text(draft.reason_text, max_reason_bytes);
    if (received.reading.reason.empty()) received.reading.reason = default_reason;
  } else {
    received.reading.value = measured_value(draft.number);
  }
  return received;
}

void FrameReader::element_is_no_object() {
  ReceivedReading received;
  received.error = "not an object";
  add(std::move(received));
}

void FrameReader::add(ReceivedReading reading) {
  ++count_;
  if (readings_.size() < max_batch_readings) readings_.push_back(std::move(reading));
}

ControllerFrame FrameReader::take_readings() {
  if (!frame_error_.empty()) return InvalidFrame{batch_, frame_error_};
  ReadingsFrame frame;
  frame.batch = batch_;
  frame.backlog = backlog_;
  frame.single = !has_datapoints_;
  if (frame.single) add(judge(single_));
  if (count_ < 1 || count_ > max_batch_readings) {
    return InvalidFrame{batch_, "datapoints: " + std::to_string(count_) + " readings (1 to 500)"};
  }
  frame.readings = std::move(readings_);
  if (!batch_) return frame;
  // A batch may be sent again: only its own time stamps tell then that it is the same.
  for (ReceivedReading& received : frame.readings) {
    if (received.error.empty() && !received.has_time) received.error = "timestamp: missing";
  }
  return frame;
}

bool FrameReader::parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
  constexpr int number_overflow = 406;
  number_overflowed_ = error.id == number_overflow;
  // "[json…] parse error at line 1, column 5: syntax error while parsing value - invalid literal; last read: '…'":
  // the middle says what is wrong; the token at the end is the peer's, of any length and encoding.
  constexpr std::string_view opening = "syntax error ";
  constexpr std::size_t longest = 160;
  std::string_view what = error.what();
  what = what.substr(0, what.find("; last read: "));
  const std::size_t start = what.find(opening);
  what = start == std::string_view::npos ? std::string_view() : what.substr(start + opening.size());
  syntax_error_ = "not valid JSON at byte " + std::to_string(position) + ": ";
  syntax_error_ += clean_text(what.empty() ? "syntax error" : what, longest);
  return false;
}

}  // namespace webmacs
