#include "server/api/rest_json.h"

#include "common/message_json.h"
#include "common/message_members.h"
#include "common/timestamp.h"
#include "server/api/rest_call.h"

#include <algorithm>
#include <utility>

namespace webmacs {
namespace {

using nlohmann::json;

constexpr std::size_t longest_notes = 100'000;  // bytes
constexpr std::size_t longest_annotation = 4000;
constexpr std::size_t most_controllers = 1000;

constexpr const char* no_id = "not 1-100 characters of A-Z a-z 0-9 . _ : -";

// A body, and the first mistake that was found in it.
class Body {
 public:
  explicit Body(std::string_view text)
      : object_(json::parse(text.begin(), text.end(), nullptr, false)), members_(object_, "", error_) {
    if (object_.is_discarded()) throw RestProblem(400, "the body is not JSON");
    if (!object_.is_object()) throw RestProblem(422, "the body is not a JSON object");
  }
  Members* operator->() { return &members_; }
  void done() const {
    if (!error_.empty()) throw RestProblem(422, error_);
  }

 private:
  json object_;
  std::string error_;
  Members members_;
};

// What an experiment and its former states have in common.
template <typename Experiment>
void add_members(Json& object, const Experiment& experiment) {
  object["name"] = experiment.name;
  object["controllers"] = experiment.controllers ? Json(*experiment.controllers) : Json();
  object["started_on"] = format_timestamp(experiment.started_on);
  object["stopped_on"] = time_or_null(experiment.stopped_on);
  object["notes"] = experiment.notes;
}

std::optional<std::vector<std::string>> decode_controllers(Body& body) {
  const json* list = body->array("controllers");
  if (list == nullptr) return std::nullopt;
  std::vector<std::string> controllers;
  for (const json& item : *list) {
    const auto* name = item.get_ptr<const std::string*>();
    if (name == nullptr || !valid_event_public_id(*name)) {
      body->fail("controllers", "not a list of controllers' names");
      break;
    }
    controllers.push_back(*name);
  }
  if (controllers.empty()) body->fail("controllers", "names nobody (null: all)");
  if (controllers.size() > most_controllers) body->fail("controllers", "too many");
  std::sort(controllers.begin(), controllers.end());
  controllers.erase(std::unique(controllers.begin(), controllers.end()), controllers.end());
  return controllers;
}

}  // namespace

void apply_event(std::string_view text, EventRecord& event) {
  Body body(text);
  EventDescription& description = event.description;
  if (body->has("event_public_id") || description.event_public_id.empty()) {
    const std::string id = body->required_text("event_public_id");
    if (!valid_event_public_id(id)) body->fail("event_public_id", no_id);
    if (!description.event_public_id.empty() && id != description.event_public_id) {
      body->fail("event_public_id", "cannot be changed");
    }
    description.event_public_id = id;
  }
  if (body->has("name")) description.name = body->text("name");
  if (body->has("type")) description.type = body->required_text("type");
  if (description.type != "analog" && description.type != "digital") {
    body->fail("type", "neither \"analog\" nor \"digital\"");
  }
  if (body->has("unit")) description.unit = body->text("unit");
  if (body->has("min_value")) description.min_value = body->number("min_value");
  if (body->has("max_value")) description.max_value = body->number("max_value");
  if (body->has("poll_interval")) description.poll_interval = body->positive_seconds("poll_interval");
  if (body->has("max_silence")) description.max_silence = body->positive_seconds("max_silence");
  if (body->has("device")) description.device = body->text("device");
  if (body->has("controller")) {
    event.controller = body->text("controller");
    if (!event.controller.empty() && !valid_event_public_id(event.controller)) body->fail("controller", no_id);
  }
  body.done();
}

void apply_experiment(std::string_view text, ExperimentRecord& experiment) {
  Body body(text);
  if (body->has("name") || experiment.name.empty()) experiment.name = body->required_text("name");
  if (body->has("controllers")) experiment.controllers = decode_controllers(body);
  if (body->has("started_on")) {
    const auto started_on = body->timestamp("started_on");
    if (started_on) experiment.started_on = *started_on;
  }
  if (body->has("stopped_on")) experiment.stopped_on = body->timestamp("stopped_on");
  if (body->has("notes")) experiment.notes = body->long_text("notes", longest_notes);
  if (experiment.stopped_on && *experiment.stopped_on <= experiment.started_on) {
    body->fail("stopped_on", "not after started_on");
  }
  body.done();
}

Annotation decode_annotation(std::string_view text, Timestamp now) {
  Body body(text);
  Annotation annotation;
  annotation.time = body->timestamp("timestamp").value_or(now);
  annotation.text = body->long_text("text", longest_annotation);
  if (annotation.text.empty()) body->fail("text", "missing");
  body.done();
  return annotation;
}

SeriesRequest decode_series_request(std::string_view text, Timestamp now) {
  constexpr std::size_t most_events = 20;
  constexpr double most_minutes = 60.0 * 24 * 366 * 230;
  Body body(text);
  SeriesRequest request;
  const json* events = body->array("event_public_ids");
  if (events == nullptr || events->empty() || events->size() > most_events) {
    body->fail("event_public_ids", "not 1 to 20 events");
  } else {
    for (const json& event : *events) {
      const auto* id = event.get_ptr<const std::string*>();
      if (id == nullptr || !valid_event_public_id(*id)) {
        body->fail("event_public_ids", "not a list of event_public_ids");
        break;
      }
      request.events.push_back(*id);
    }
  }
  const auto from = body->timestamp("from");
  const auto to = body->timestamp("to");
  const double minutes = body->number("minutes").value_or(60);
  if (from || to) {
    if (body->has("minutes")) body->fail("minutes", "not together with from and to");
    if (!from || !to) body->fail(from ? "to" : "from", "missing");
    request.from = from.value_or(now);
    request.to = to.value_or(now);
    if (request.from > request.to) body->fail("to", "before from");
  } else {
    if (!(minutes > 0 && minutes <= most_minutes)) body->fail("minutes", "not a positive number of minutes");
    // What is stamped this moment is in it.
    request.to = now + std::chrono::seconds(1);
    const auto back =
        std::chrono::microseconds(static_cast<std::int64_t>(std::clamp(minutes, 0.0, most_minutes) * 60e6));
    request.from = std::max(now - back, Timestamp{});
  }
  const auto max_points = body->count("max_points").value_or(500);
  if (max_points < 10 || max_points > 4000) body->fail("max_points", "not a whole number from 10 to 4000");
  request.max_points = static_cast<std::size_t>(max_points);
  body.done();
  return request;
}

TokenRequest decode_token_request(std::string_view text) {
  Body body(text);
  TokenRequest request;
  request.name = body->required_text("name");
  if (!valid_event_public_id(request.name)) body->fail("name", no_id);
  request.role = body->required_text("role");
  if (!parse_role(request.role)) body->fail("role", "none of controller, viewer, operator, admin");
  request.expires = body->timestamp("expires");
  body.done();
  return request;
}

std::string decode_session_request(std::string_view text) {
  Body body(text);
  std::string code = body->required_text("code");
  body.done();
  return code;
}

Json annotation_json(const Annotation& annotation) {
  return {
      {"public_id", annotation.public_id}, {"timestamp", format_timestamp(annotation.time)}, {"text", annotation.text}};
}

Json edit_json(const ExperimentEdit& edit) {
  Json before;
  before["edited_on"] = format_timestamp(edit.edited_on);
  before["edited_by"] = edit.edited_by;
  add_members(before, edit);
  return before;
}

Json experiment_json(const ExperimentRecord& experiment, const ExperimentEdits* edits) {
  Json object;
  object["public_id"] = experiment.public_id;
  add_members(object, experiment);
  Json annotations = Json::array();
  for (const Annotation& annotation : experiment.annotations) annotations.push_back(annotation_json(annotation));
  object["annotations"] = std::move(annotations);
  if (edits == nullptr) return object;
  Json former = Json::array();
  for (auto edit = edits->edits.rbegin(); edit != edits->edits.rend(); ++edit) former.push_back(edit_json(*edit));
  object["edits"] = std::move(former);
  object["edits_total"] = edits->total;
  return object;
}

Json identity_json(const Identity& identity) {
  return {{"name", identity.name}, {"role", to_text(identity.role)}, {"expires", time_or_null(identity.expires)}};
}

Json session_json(const TokenRecord& token, const std::string& text) {
  return {{"token", text}, {"name", token.name}, {"role", token.role}, {"expires", time_or_null(token.expires)}};
}

Json token_json(const TokenRecord& token, const std::string& text) {
  Json object{{"name", token.name},
              {"role", token.role},
              {"created", format_timestamp(token.created)},
              {"expires", time_or_null(token.expires)},
              {"revoked", time_or_null(token.revoked)}};
  if (!text.empty()) object["token"] = text;
  return object;
}

}  // namespace webmacs
