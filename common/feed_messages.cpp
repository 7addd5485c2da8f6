#include "common/feed_messages.h"

#include "common/message_json.h"

#include <charconv>

namespace webmacs {
namespace {

void append_cursor_member(std::string& out, const FeedCursor& cursor) {
  out += ",\"cursor\":";
  append_json_string(out, format_cursor(cursor));
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

std::string encode_status_notice(const ControllerState& state) {
  Json out = {{"type", "status"}};
  out.update(controller_json(state));
  return json_text(out);
}

}  // namespace webmacs
