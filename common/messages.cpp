#include "common/messages.h"

#include "common/feed_messages.h"
#include "common/hex.h"
#include "common/message_text.h"
#include "common/timestamp.h"
#include "common/utf8.h"

#include <charconv>
#include <cmath>
#include <concepts>
#include <utility>

namespace webmacs {
namespace {

void append_integer(std::string& out, std::integral auto value) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void append_value(std::string& out, const Reading& reading) {
  if (reading.value) {
    append_number(out, *reading.value);
  } else {
    out += "null";
  }
}

void append_quoted_timestamp(std::string& out, Timestamp time) {
  out += '"';
  append_timestamp(out, time);
  out += '"';
}

void append_badness(std::string& out, const Reading& reading) {
  if (reading.good()) return;
  out += R"(,"quality":"bad","reason":)";
  const std::string_view reason = reading.reason.empty() ? default_reason : std::string_view(reading.reason);
  append_json_string(out, utf8_prefix(reason, max_reason_bytes));
}

}  // namespace

void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {  // JSON has no word for it, and a frame must never be broken
    out += "null";
    return;
  }
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof text, value == 0 ? 0.0 : value).ptr);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && text[plain] >= 0x20 && text[plain] < 0x7F && text[plain] != '"' &&
           text[plain] != '\\') {
      ++plain;
    }
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;

    const std::size_t size = utf8_character_size(text);
    const char first = text.front();
    if (size == 0) {
      out += "\xEF\xBF\xBD";
    } else if (size > 1) {
      out.append(text.substr(0, size));
    } else if (first == '"' || first == '\\') {
      out += '\\';
      out += first;
    } else if (first == '\n') {
      out += "\\n";
    } else {
      out += "\\u00";
      append_hex(out, static_cast<unsigned char>(first));
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out += '"';
}

void append_reading(std::string& out, const Reading& reading) {
  out += R"({"event_public_id":)";
  append_json_string(out, reading.event_public_id);
  out += R"(,"value":)";
  append_value(out, reading);
  append_badness(out, reading);
  out += R"(,"timestamp":)";
  append_quoted_timestamp(out, reading.time);
  out += '}';
}

void append_datapoint(std::string& out, const Datapoint& datapoint) {
  out += R"({"public_id":)";
  append_json_string(out, datapoint.public_id);
  out += R"(,"value":)";
  append_value(out, datapoint.reading);
  out += R"(,"timestamp":)";
  append_quoted_timestamp(out, datapoint.reading.time);
  out += R"(,"event_public_id":)";
  append_json_string(out, datapoint.reading.event_public_id);
  out += R"(,"experiment_public_id":)";
  if (datapoint.experiment_public_id) {
    append_json_string(out, *datapoint.experiment_public_id);
  } else {
    out += "null";
  }
  append_badness(out, datapoint.reading);
  out += '}';
}

BatchWriter::BatchWriter(std::int64_t batch, bool backlog) {
  text_ = R"({"batch":)";
  append_integer(text_, batch);
  if (backlog) text_ += R"(,"backlog":true)";
  text_ += R"(,"datapoints":[)";
}

bool BatchWriter::try_add(const Reading& reading, std::size_t max_items) {
  constexpr std::size_t closing_bytes = 2;
  if (count_ >= max_items || count_ >= max_batch_readings) return false;
  const std::size_t before = text_.size();
  if (count_ > 0) text_ += ',';
  append_reading(text_, reading);
  if (text_.size() + closing_bytes > agent_frame_bytes) {
    text_.resize(before);
    return false;
  }
  ++count_;
  return true;
}

std::string BatchWriter::finish() {
  text_ += "]}";
  return std::move(text_);
}

std::string encode(const AckMessage& message) {
  return encode_push_answer(message, message.batch);
}

std::string encode_push_answer(const AckMessage& message, std::optional<std::int64_t> batch) {
  std::string out = R"({"type":"ack")";
  if (batch) {
    out += R"(,"batch":)";
    append_integer(out, *batch);
  }
  out += R"(,"stored":)";
  append_integer(out, message.stored);
  out += R"(,"duplicates":)";
  append_integer(out, message.duplicates);
  out += R"(,"rejected":[)";
  bool first = true;
  for (const RejectedReading& rejected : message.rejected) {
    out += first ? R"({"index":)" : R"(,{"index":)";
    append_integer(out, rejected.index);
    out += R"(,"reason":)";
    append_json_string(out, rejected.reason);
    out += '}';
    first = false;
  }
  out += "]}";
  return out;
}

}  // namespace webmacs
