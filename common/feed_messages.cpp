#include "common/feed_messages.h"

#include "common/timestamp.h"

#include <charconv>

namespace webmacs {
namespace {

void append_cursor_member(std::string& out, const FeedCursor& cursor) {
  out += ",\"cursor\":";
  append_json_string(out, format_cursor(cursor));
}

void append_time(std::string& out, const std::optional<Timestamp>& time) {
  if (!time) {
    out += "null";
    return;
  }
  out += '"';
  append_timestamp(out, *time);
  out += '"';
}

void append_devices(std::string& out, const std::vector<DeviceStatus>& devices) {
  out += '[';
  for (const auto& device : devices) {
    if (out.back() != '[') out += ',';
    out += "{\"name\":";
    append_json_string(out, device.name);
    out += device.online ? ",\"state\":\"online\",\"error\":null}" : ",\"state\":\"offline\",\"error\":";
    if (device.online) continue;
    append_json_string(out, device.error);
    out += '}';
  }
  out += ']';
}

void append_controller_members(std::string& out, const ControllerState& state) {
  out += "\"name\":";
  append_json_string(out, state.name);
  out += state.online ? ",\"online\":true" : ",\"online\":false";
  out += ",\"last_seen\":";
  append_time(out, state.last_seen);
  if (!state.status) {
    out += ",\"agent\":null,\"version\":null,\"backlog\":null,\"dropped\":null,\"clock_offset\":null,\"devices\":[]";
    return;
  }
  out += ",\"agent\":";
  append_json_string(out, state.status->agent);
  out += ",\"version\":";
  append_json_string(out, state.status->version);
  out += ",\"backlog\":" + std::to_string(state.status->backlog);
  out += ",\"dropped\":" + std::to_string(state.status->dropped);
  out += ",\"clock_offset\":";
  if (state.clock_offset) {
    append_number(out, *state.clock_offset);
  } else {
    out += "null";
  }
  out += ",\"devices\":";
  append_devices(out, state.status->devices);
}

}  // namespace

std::string format_cursor(const FeedCursor& cursor) {
  return cursor.epoch + ":" + std::to_string(cursor.number);
}

std::optional<FeedCursor> parse_cursor(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || text.size() > 100) return std::nullopt;
  FeedCursor cursor{std::string(text.substr(0, colon)), 0};
  const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), cursor.number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return cursor;
}

std::string encode_feed_connected(const FeedCursor& cursor, bool recovered, std::string_view latest) {
  std::string out = "{\"type\":\"connected\"";
  append_cursor_member(out, cursor);
  out += recovered ? ",\"recovered\":true,\"latest\":[" : ",\"recovered\":false,\"latest\":[";
  out += latest;
  out += "]}";
  return out;
}

std::string encode_datapoints_batch(const FeedCursor& cursor, std::string_view datapoints, std::uint64_t skipped) {
  std::string out = "{\"type\":\"datapoints_batch\"";
  append_cursor_member(out, cursor);
  if (skipped > 0) out += ",\"skipped\":" + std::to_string(skipped);
  out += ",\"datapoints\":[";
  out += datapoints;
  out += "]}";
  return out;
}

std::string encode_backfilled(const FeedCursor& cursor, const std::vector<std::string>& event_public_ids,
                              Timestamp from, Timestamp to) {
  std::string out = "{\"type\":\"backfilled\"";
  append_cursor_member(out, cursor);
  out += ",\"event_public_ids\":[";
  for (const auto& id : event_public_ids) {
    if (out.back() != '[') out += ',';
    append_json_string(out, id);
  }
  out += "],\"from\":";
  append_time(out, from);
  out += ",\"to\":";
  append_time(out, to);
  out += '}';
  return out;
}

std::string encode_event(const EventDescription& event, const std::string& controller) {
  std::string out = "{";
  append_event_members(out, event);
  out += ",\"controller\":";
  if (controller.empty()) {
    out += "null";
  } else {
    append_json_string(out, controller);
  }
  out += '}';
  return out;
}

std::string encode_controller(const ControllerState& state) {
  std::string out = "{";
  append_controller_members(out, state);
  out += '}';
  return out;
}

std::string encode_status_notice(const ControllerState& state) {
  std::string out = "{\"type\":\"status\",";
  append_controller_members(out, state);
  out += '}';
  return out;
}

}  // namespace webmacs
