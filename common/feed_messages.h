#pragma once
// What frontends read beside datapoints: the envelopes of /ws/datapoints/stream?format=batch (contract, "Hub ->
// frontend"). The elements of REST lists are message_json.h's; with messages.h the only places where the wire's member
// names live.
// Pure functions, usable from any thread.

#include "common/messages.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

// A place in the whole feed: `number` counts its entries since the hub started as `epoch`.
struct FeedCursor {
  std::string epoch;
  std::uint64_t number = 0;
};

std::string format_cursor(const FeedCursor& cursor);
std::optional<FeedCursor> parse_cursor(std::string_view text);

// `datapoints` are encoded datapoints with commas between them.
std::string encode_feed_connected(const FeedCursor& cursor, bool recovered, std::string_view latest);
std::string encode_datapoints_batch(const FeedCursor& cursor, std::string_view datapoints, std::uint64_t skipped = 0);
std::string encode_backfilled(const FeedCursor& cursor, const std::vector<std::string>& event_public_ids,
                              Timestamp from, Timestamp to);

// The answer to POST /api/v1/datapoints/batch: the members of an ack, with a batch number where the sender gave one.
std::string encode_push_answer(const AckMessage& counts, std::optional<std::int64_t> batch);

// A controller as the hub knows it.
struct ControllerState {
  std::string name;
  bool online = false;
  std::optional<Timestamp> last_seen;
  std::optional<StatusFrame> status;   // what its agent last said of itself
  std::optional<double> clock_offset;  // seconds its clock is ahead of the hub's
};
// Its members as in GET /api/v1/controllers, in {"type":"status",…}.
std::string encode_status_notice(const ControllerState& state);

}  // namespace webmacs
