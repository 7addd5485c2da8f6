#include "common/frame_reader.h"
#include "common/message_members.h"
#include "common/message_text.h"
#include "common/messages.h"
#include "common/quick_parse.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace webmacs {
namespace {

using nlohmann::json;

EventDescription decode_event(const json& item, std::size_t index, std::string& error) {
  Members members(item, "events[" + std::to_string(index) + "].", error);
  EventDescription event;
  event.event_public_id = members.required_text("event_public_id");
  if (!valid_event_public_id(event.event_public_id)) members.fail("event_public_id", invalid_id);
  event.name = members.text("name");
  if (const std::string type = members.text("type"); !type.empty()) event.type = type;
  if (event.type != "analog" && event.type != "digital") members.fail("type", "neither \"analog\" nor \"digital\"");
  event.unit = members.text("unit");
  event.min_value = members.number("min_value");
  event.max_value = members.number("max_value");
  event.poll_interval = members.positive_seconds("poll_interval");
  event.max_silence = members.positive_seconds("max_silence");
  event.device = members.text("device");
  return event;
}

EventsFrame decode_events(Members& members, std::string& error) {
  EventsFrame frame;
  const json* events = members.array("events");
  if (events == nullptr) {
    members.fail("events", "missing");
    return frame;
  }
  for (std::size_t i = 0; i < events->size() && error.empty(); ++i) {
    frame.events.push_back(decode_event((*events)[i], i, error));
  }
  return frame;
}

DeviceStatus decode_device(const json& item, std::size_t index, std::string& error) {
  Members members(item, "devices[" + std::to_string(index) + "].", error);
  DeviceStatus device;
  device.name = members.required_text("name");
  const std::string state = members.text("state");
  if (state != "online" && state != "offline") members.fail("state", "neither \"online\" nor \"offline\"");
  device.online = state == "online";
  device.error = members.text(device.online ? "advice" : "error");
  return device;
}

StatusFrame decode_status(Members& members, std::string& error) {
  StatusFrame frame;
  frame.agent = members.text("agent");
  frame.version = members.text("version");
  frame.backlog = members.count("backlog").value_or(0);
  frame.dropped = members.count("dropped").value_or(0);
  frame.clock = members.timestamp("clock");
  const json* devices = members.array("devices");
  if (devices == nullptr) return frame;
  for (std::size_t i = 0; i < devices->size() && error.empty(); ++i) {
    frame.devices.push_back(decode_device((*devices)[i], i, error));
  }
  return frame;
}

// Descriptions and status come rarely: they are read from a document, after the frame is known to be one of them.
ControllerFrame decode_typed(const std::string& type, std::optional<std::int64_t> batch, std::string_view text) {
  if (type == "ping") return PingFrame{};
  if (type != "events" && type != "status") return InvalidFrame{batch, "type: unknown: " + quote_shortly(type)};
  const json object = json::parse(text.begin(), text.end(), nullptr, false);
  std::string error;
  Members members(object, "", error);
  ControllerFrame frame;
  if (type == "events") {
    frame = decode_events(members, error);
  } else {
    frame = decode_status(members, error);
  }
  if (!error.empty()) return InvalidFrame{batch, error};
  return frame;
}

// The exact parser gives up at a number that no double can hold, though one reading alone is wrong (or a member that
// nobody reads). Writes each such number as a string of the same length that FrameReader knows; strings are left alone.
std::string mark_overflows(std::string_view text) {
  std::string marked(text);
  for (std::size_t i = 0; i < marked.size();) {
    if (marked[i] == '"') {
      for (++i; i < marked.size() && marked[i] != '"'; ++i) i += marked[i] == '\\' ? 1 : 0;
      ++i;
      continue;
    }
    const std::size_t start = i;
    i = std::min(marked.find_first_not_of("+-.0123456789eE", start), marked.size());
    if (i == start) {
      ++i;
      continue;
    }
    const std::string number = marked.substr(start, i - start);
    char* end = nullptr;
    if (!std::isinf(std::strtod(number.c_str(), &end)) || *end != '\0') continue;
    marked.replace(start, number.size(), number.size(), overflow_mark);
    marked[start] = marked[i - 1] = '"';
  }
  return marked;
}

ControllerFrame frame_of(FrameReader& reader, std::string_view text) {
  if (reader.type()) return decode_typed(*reader.type(), reader.batch(), text);
  return reader.take_readings();
}

}  // namespace

ControllerFrame decode_controller_frame(std::string_view text) {
  if (FrameReader quick; parse_quickly(text, quick)) return frame_of(quick, text);
  FrameReader exact;
  if (json::sax_parse(text.begin(), text.end(), &exact)) return frame_of(exact, text);
  if (!exact.number_overflowed()) return InvalidFrame{exact.batch(), exact.syntax_error()};

  const std::string marked = mark_overflows(text);
  FrameReader second(true);
  if (!json::sax_parse(marked, &second)) return InvalidFrame{second.batch(), second.syntax_error()};
  return frame_of(second, marked);
}

}  // namespace webmacs
