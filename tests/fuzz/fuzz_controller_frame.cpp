// Whatever a controller sends: what decodes is as the contract wants it, and encodes to what decodes to the same.
// And what the quick parser takes, it reads as the exact one does.

#include "common/messages.h"
#include "common/quick_parse.h"
#include "common/timestamp.h"
#include "common/utf8.h"
#include "property.h"

#include <cmath>

using namespace webmacs;

namespace {

void check(const InvalidFrame& frame) {
  WEBMACS_PROPERTY(!frame.message.empty() && frame.message.size() <= 240);
  WEBMACS_PROPERTY(valid_utf8(frame.message));
  if (frame.batch) WEBMACS_PROPERTY(*frame.batch >= 0 && *frame.batch <= max_batch_number);
}

void check(const ReceivedReading& received, bool time_needed) {
  if (!received.error.empty()) {
    WEBMACS_PROPERTY(valid_utf8(received.error) && received.error.size() <= 120);
    return;
  }
  const Reading& reading = received.reading;
  WEBMACS_PROPERTY(valid_event_public_id(reading.event_public_id));
  WEBMACS_PROPERTY(valid_timestamp(reading.time));
  WEBMACS_PROPERTY(received.has_time || !time_needed);
  WEBMACS_PROPERTY(reading.good() == reading.reason.empty());
  if (reading.value)
    WEBMACS_PROPERTY(std::isfinite(*reading.value) && !(*reading.value == 0 && std::signbit(*reading.value)));
  WEBMACS_PROPERTY(reading.reason.size() <= max_reason_bytes && valid_utf8(reading.reason));
}

void check(const ReadingsFrame& frame) {
  WEBMACS_PROPERTY(!frame.readings.empty() && frame.readings.size() <= max_batch_readings);
  WEBMACS_PROPERTY(!frame.single || frame.readings.size() == 1);
  BatchWriter writer(frame.batch.value_or(0), frame.backlog);
  std::vector<Reading> sent;
  for (const ReceivedReading& received : frame.readings) {
    check(received, frame.batch.has_value());
    if (received.error.empty() && writer.try_add(received.reading)) sent.push_back(received.reading);
  }
  if (sent.empty()) return;
  const std::string text = writer.finish();
  WEBMACS_PROPERTY(text.size() <= agent_frame_bytes);
  const ControllerFrame again = decode_controller_frame(text);
  const auto* readings = std::get_if<ReadingsFrame>(&again);
  WEBMACS_PROPERTY(readings != nullptr);
  WEBMACS_PROPERTY(readings->batch == frame.batch.value_or(0) && readings->backlog == frame.backlog);
  WEBMACS_PROPERTY(readings->readings.size() == sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    WEBMACS_PROPERTY(readings->readings[i].error.empty() && readings->readings[i].reading == sent[i]);
  }
}

void check(const EventsFrame& frame) {
  const std::vector<std::string> texts = encode_events(frame.events);
  std::vector<EventDescription> all;
  for (const std::string& text : texts) {
    WEBMACS_PROPERTY(text.size() <= agent_frame_bytes);
    ControllerFrame again = decode_controller_frame(text);
    auto* events = std::get_if<EventsFrame>(&again);
    WEBMACS_PROPERTY(events != nullptr);
    for (EventDescription& event : events->events) all.push_back(std::move(event));
  }
  WEBMACS_PROPERTY(all.size() == frame.events.size());
  WEBMACS_PROPERTY(encode_events(all) == texts);
  for (std::size_t i = 0; i < all.size(); ++i) {
    WEBMACS_PROPERTY(valid_event_public_id(all[i].event_public_id));
    WEBMACS_PROPERTY(all[i].event_public_id == frame.events[i].event_public_id && all[i].name == frame.events[i].name);
    WEBMACS_PROPERTY(all[i].unit == frame.events[i].unit && all[i].device == frame.events[i].device);
    WEBMACS_PROPERTY(all[i].min_value == frame.events[i].min_value &&
                     all[i].max_silence == frame.events[i].max_silence);
  }
}

void check(const StatusFrame& frame) {
  const std::string text = encode_status(frame);
  const ControllerFrame again = decode_controller_frame(text);
  const auto* status = std::get_if<StatusFrame>(&again);
  WEBMACS_PROPERTY(status != nullptr && text.size() <= agent_frame_bytes);
  WEBMACS_PROPERTY(encode_status(*status) == text);
  WEBMACS_PROPERTY(status->clock == frame.clock && status->backlog == frame.backlog);
}

void check(const PingFrame&) {}

void check_same(const ReadingsFrame& quick, const ReadingsFrame& exact) {
  WEBMACS_PROPERTY(quick.batch == exact.batch && quick.backlog == exact.backlog && quick.single == exact.single);
  WEBMACS_PROPERTY(quick.readings.size() == exact.readings.size());
  for (std::size_t i = 0; i < quick.readings.size(); ++i) {
    const ReceivedReading& one = quick.readings[i];
    const ReceivedReading& other = exact.readings[i];
    WEBMACS_PROPERTY(one.error == other.error && one.has_time == other.has_time && one.reading == other.reading);
  }
}

void check_both_parsers(std::string_view text) {
  FrameReader quick;
  if (!parse_quickly(text, quick)) return;
  FrameReader exact;
  WEBMACS_PROPERTY(nlohmann::json::sax_parse(text.begin(), text.end(), &exact));
  WEBMACS_PROPERTY(quick.type() == exact.type() && quick.batch() == exact.batch());
  const ControllerFrame one = quick.take_readings();
  const ControllerFrame other = exact.take_readings();
  WEBMACS_PROPERTY(one.index() == other.index());
  if (const auto* invalid = std::get_if<InvalidFrame>(&one)) {
    WEBMACS_PROPERTY(invalid->message == std::get<InvalidFrame>(other).message);
  } else {
    check_same(std::get<ReadingsFrame>(one), std::get<ReadingsFrame>(other));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_both_parsers(text);
  std::visit([](const auto& frame) { check(frame); }, decode_controller_frame(text));
  return 0;
}
