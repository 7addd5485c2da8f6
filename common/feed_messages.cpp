#include "common/feed_messages.h"

#include "common/message_json.h"

#include <charconv>

namespace webmacs {
namespace {

void append_cursor_member(std::string& out, const FeedCursor& cursor) {
  out += ",\"cursor\":";
  append_json_string(out, format_cursor(cursor));
}

void add_controller_members(Json& out, const ControllerState& state) {
  out["name"] = state.name;
  out["online"] = state.online;
  out["last_seen"] = time_or_null(state.last_seen);
  out["agent"] = state.status ? Json(state.status->agent) : Json();
  out["version"] = state.status ? Json(state.status->version) : Json();
  out["backlog"] = state.status ? Json(state.status->backlog) : Json();
  out["dropped"] = state.status ? Json(state.status->dropped) : Json();
  out["clock_offset"] = state.status ? number_or_null(state.clock_offset) : Json();
  Json& devices = out["devices"] = Json::array();
  if (!state.status) return;
  for (const DeviceStatus& device : state.status->devices) devices.push_back(device_json(device));
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
  return json_text({{"type", "backfilled"},
                    {"cursor", format_cursor(cursor)},
                    {"event_public_ids", event_public_ids},
                    {"from", time_or_null(from)},
                    {"to", time_or_null(to)}});
}

std::string encode_event(const EventDescription& event, const std::string& controller) {
  Json out = event_json(event);
  out["controller"] = controller.empty() ? Json() : Json(controller);
  return json_text(out);
}

std::string encode_controller(const ControllerState& state) {
  Json out;
  add_controller_members(out, state);
  return json_text(out);
}

std::string encode_status_notice(const ControllerState& state) {
  Json out = {{"type", "status"}};
  add_controller_members(out, state);
  return json_text(out);
}

}  // namespace webmacs
