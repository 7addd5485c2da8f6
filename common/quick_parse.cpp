#include "common/quick_parse.h"

#include <simdjson.h>

namespace webmacs {
namespace {

using simdjson::dom::element_type;

constexpr std::size_t most_levels = 16;  // of our recursion, too

class Parser {
 public:
  Parser() : parser_(max_frame_bytes) { usable_ = !parser_.allocate(0, most_levels); }

  bool read(std::string_view text, FrameReader& reader) {
    if (!usable_) return false;
    simdjson::dom::object frame;
    if (parser_.parse(text.data(), text.size()).get(frame)) return false;
    read_object(frame, reader);
    return true;
  }

 private:
  static void read_object(const simdjson::dom::object& object, FrameReader& reader) {
    reader.start_object(object.size());
    for (const auto& [name, value] : object) {
      reader.key(name);
      read_value(value, reader);
    }
    reader.end_object();
  }

  static void read_array(const simdjson::dom::array& array, FrameReader& reader) {
    reader.start_array(array.size());
    for (const auto& value : array) read_value(value, reader);
    reader.end_array();
  }

  static void read_value(const simdjson::dom::element& value, FrameReader& reader) {
    switch (value.type()) {
      case element_type::OBJECT:
        return read_object(value.get_object().value_unsafe(), reader);
      case element_type::ARRAY:
        return read_array(value.get_array().value_unsafe(), reader);
      case element_type::STRING:
        reader.string(value.get_string().value_unsafe());
        return;
      case element_type::DOUBLE:
        reader.number_float(value.get_double().value_unsafe(), {});
        return;
      case element_type::INT64:
        reader.number_integer(value.get_int64().value_unsafe());
        return;
      case element_type::UINT64:
        reader.number_unsigned(value.get_uint64().value_unsafe());
        return;
      case element_type::BOOL:
        reader.boolean(value.get_bool().value_unsafe());
        return;
      case element_type::NULL_VALUE:
        reader.null();
        return;
    }
  }

  simdjson::dom::parser parser_;
  bool usable_ = false;
};

}  // namespace

bool parse_quickly(std::string_view text, FrameReader& reader) {
  thread_local Parser parser;
  return parser.read(text, reader);
}

}  // namespace webmacs
