#pragma once
// Makes readings of the members of a controller's frame, as a parser comes upon them: the hub's hot path. Private to
// decode_controller_frame. The members are named as the interface of nlohmann's SAX parser demands.

#include "common/messages.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

constexpr const char* invalid_id = "not 1 to 100 characters of A-Z a-z 0-9 . _ : -";

// A string of nothing but this character, DEL, stands for a number out of range (see mark_overflows).
constexpr char overflow_mark = 0x7F;

class FrameReader {
 public:
  using Json = nlohmann::json;

  // `marked`: the text went through mark_overflows.
  explicit FrameReader(bool marked = false) : marked_(marked) {}

  // After a parse that succeeded. The frame's "type"; empty when it has none, and is therefore one of readings.
  const std::optional<std::string>& type() const { return type_; }
  std::optional<std::int64_t> batch() const { return batch_; }
  // ReadingsFrame, or InvalidFrame when a member of the frame itself is wrong.
  ControllerFrame take_readings();

  // After a parse that failed: short, and free of the peer's text.
  const std::string& syntax_error() const { return syntax_error_; }
  bool number_overflowed() const { return number_overflowed_; }

  bool null() { return scalar({Kind::null}); }
  bool boolean(bool value) { return scalar({Kind::boolean, value ? 1.0 : 0.0}); }
  bool number_integer(Json::number_integer_t value);
  bool number_unsigned(Json::number_unsigned_t value);
  bool number_float(Json::number_float_t value, const std::string&) { return scalar({Kind::number, value}); }
  bool string(std::string_view value);
  bool binary(Json::binary_t&) { return false; }  // not in JSON text
  bool start_object(std::size_t);
  bool key(std::string_view name);
  bool end_object();
  bool start_array(std::size_t);
  bool end_array();
  bool parse_error(std::size_t position, const std::string& last_token, const nlohmann::detail::exception& error);

 private:
  enum class Kind { absent, null, boolean, number, overflow, text, container };
  enum class Place { before, frame, datapoints, reading, after };
  enum class Member { other, batch, backlog, datapoints, type, event_public_id, value, timestamp, quality, reason };

  struct Scalar {
    Kind kind;
    double number = 0;
    std::optional<std::int64_t> batch_number = std::nullopt;
    std::string_view text = {};
  };

  // The members of one reading as they came; judged when all are known. A repeated member counts as it stood last.
  struct Draft {
    Kind id = Kind::absent;
    Kind value = Kind::absent;
    Kind timestamp = Kind::absent;
    Kind quality = Kind::absent;
    Kind reason = Kind::absent;
    std::optional<Timestamp> time;
    double number = 0;
    enum { other_word, good_word, bad_word } quality_word = other_word;
    std::string id_text;
    std::string reason_text;
  };

  static Member member_named(std::string_view name);
  static ReceivedReading judge(Draft& draft);
  static std::string error_of(const Draft& draft);

  bool scalar(Scalar value);
  bool enter_ignored();
  void frame_member(Scalar& value);
  void reading_member(Draft& draft, Scalar& value);
  void element_is_no_object();
  void add(ReceivedReading reading);
  void fail(const char* message);

  const bool marked_;
  Place place_ = Place::before;
  Member member_ = Member::other;
  std::size_t ignored_depth_ = 0;  // containers open inside a member whose inside does not matter

  std::optional<std::string> type_;
  std::optional<std::int64_t> batch_;
  bool backlog_ = false;
  bool has_datapoints_ = false;
  std::size_t count_ = 0;  // elements of "datapoints", those beyond the bound included
  std::vector<ReceivedReading> readings_;
  Draft single_;
  Draft element_;
  std::string frame_error_;

  std::string syntax_error_;
  bool number_overflowed_ = false;
};

}  // namespace webmacs
