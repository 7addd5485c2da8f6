#pragma once
// The bodies of REST requests and answers: JSON <-> structs (contract, "REST"). What a datapoint, a reading, an event
// and a controller look like is common/messages.h's and message_json.h's. Pure functions, any thread. Decoders throw
// RestProblem 422 naming the field and why, or 400 when the body is not JSON.

#include "common/json_text.h"
#include "server/access/access.h"
#include "server/store/store.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

// The members that are there replace those of `event`; `event_public_id` must be the same where one is set already.
void apply_event(std::string_view body, EventRecord& event);

// Likewise: name, controllers, started_on, stopped_on, notes. `stopped_on` null: it runs.
void apply_experiment(std::string_view body, ExperimentRecord& experiment);

// `timestamp` and `text`; no timestamp: `now`.
Annotation decode_annotation(std::string_view body, Timestamp now);

struct SeriesRequest {
  std::vector<std::string> events;
  Timestamp from, to;
  std::size_t max_points = 500;
};
// `minutes` count back from `now`.
SeriesRequest decode_series_request(std::string_view body, Timestamp now);

struct TokenRequest {
  std::string name;
  std::string role;
  std::optional<Timestamp> expires;
};
TokenRequest decode_token_request(std::string_view body);

// The one-time code of a sign-in.
std::string decode_session_request(std::string_view body);

Json annotation_json(const Annotation& annotation);
Json edit_json(const ExperimentEdit& edit);
// `edits`: how it was before its last changes; left out when null.
Json experiment_json(const ExperimentRecord& experiment, const ExperimentEdits* edits = nullptr);
// GET /api/v1/me: whose token it is, and how long it is good.
Json identity_json(const Identity& identity);
// The answer to a one-time code: the token that it gave.
Json session_json(const TokenRecord& token, const std::string& text);
// Without the hash; `text` only in the answer to the one who made it.
Json token_json(const TokenRecord& token, const std::string& text = {});

}  // namespace webmacs
