// The bodies that people and programs send: each is refused with a text that may be shown, or makes something that the
// store may take, and that reads the same when it is written and read again. The first byte chooses which one it is.

#include "common/message_json.h"
#include "common/timestamp.h"
#include "common/utf8.h"
#include "property.h"
#include "server/access/access.h"
#include "server/api/rest_call.h"
#include "server/api/rest_json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>

using namespace webmacs;

namespace {

constexpr std::size_t longest_text = 200;
const Timestamp now = from_microseconds(1736951530000000);

bool good_text(const std::string& text, std::size_t most = longest_text) {
  return text.size() <= most && valid_utf8(text) && text.find('\0') == std::string::npos;
}
bool good_number(const std::optional<double>& number) {
  return !number || std::isfinite(*number);
}

std::string written(const EventRecord& event) {
  return json_text(owned_event_json(event.description, event.controller));
}

void check_event(std::string_view body, EventRecord event) {
  apply_event(body, event);
  const EventDescription& description = event.description;
  WEBMACS_PROPERTY(valid_event_public_id(description.event_public_id));
  WEBMACS_PROPERTY(good_text(description.name) && good_text(description.unit) && good_text(description.device));
  WEBMACS_PROPERTY(description.type == "analog" || description.type == "digital");
  WEBMACS_PROPERTY(good_number(description.min_value) && good_number(description.max_value));
  for (const auto& seconds : {description.poll_interval, description.max_silence}) {
    WEBMACS_PROPERTY(!seconds || (*seconds > 0 && *seconds <= 1e9));
  }
  WEBMACS_PROPERTY(event.controller.empty() || valid_event_public_id(event.controller));
  EventRecord again;
  apply_event(written(event), again);
  WEBMACS_PROPERTY(written(again) == written(event));
}

void check_experiment(std::string_view body, ExperimentRecord experiment) {
  apply_experiment(body, experiment);
  WEBMACS_PROPERTY(!experiment.name.empty() && good_text(experiment.name) && good_text(experiment.notes, 100'000));
  WEBMACS_PROPERTY(valid_timestamp(experiment.started_on));
  if (experiment.stopped_on) {
    WEBMACS_PROPERTY(valid_timestamp(*experiment.stopped_on) && *experiment.stopped_on > experiment.started_on);
  }
  if (experiment.controllers) {
    const auto& controllers = *experiment.controllers;
    WEBMACS_PROPERTY(!controllers.empty() && controllers.size() <= 1000);
    WEBMACS_PROPERTY(std::adjacent_find(controllers.begin(), controllers.end(), std::greater_equal<>()) ==
                     controllers.end());
    for (const auto& controller : controllers) WEBMACS_PROPERTY(valid_event_public_id(controller));
  }
  ExperimentRecord again;
  apply_experiment(json_text(experiment_json(experiment)), again);
  again.public_id = experiment.public_id;
  WEBMACS_PROPERTY(json_text(experiment_json(again)) == json_text(experiment_json(experiment)));
}

void check_annotation(std::string_view body) {
  const auto annotation = decode_annotation(body, now);
  WEBMACS_PROPERTY(!annotation.text.empty() && good_text(annotation.text, 4000) && valid_timestamp(annotation.time));
  WEBMACS_PROPERTY(decode_annotation(json_text(annotation_json(annotation)), now).text == annotation.text);
}

void check_series(std::string_view body) {
  const auto request = decode_series_request(body, now);
  WEBMACS_PROPERTY(!request.events.empty() && request.events.size() <= 20);
  for (const std::string& event : request.events) WEBMACS_PROPERTY(valid_event_public_id(event));
  WEBMACS_PROPERTY(request.from <= request.to && valid_timestamp(request.from) && valid_timestamp(request.to));
  WEBMACS_PROPERTY(request.max_points >= 10 && request.max_points <= 4000);
}

void check_token(std::string_view body) {
  const auto request = decode_token_request(body);
  WEBMACS_PROPERTY(valid_event_public_id(request.name) && parse_role(request.role).has_value());
  WEBMACS_PROPERTY(!request.expires || valid_timestamp(*request.expires));
}

EventRecord known_event() {
  EventRecord event;
  event.description.event_public_id = "evt_a";
  event.description.name = "Inlet";
  return event;
}

ExperimentRecord known_experiment() {
  ExperimentRecord experiment;
  experiment.public_id = "exp_a";
  experiment.name = "Run 1";
  experiment.started_on = now;
  return experiment;
}

void check(std::uint8_t kind, std::string_view body) {
  switch (kind % 7) {
    case 0:
      return check_event(body, {});
    case 1:
      return check_event(body, known_event());
    case 2:
      return check_experiment(body, {});
    case 3:
      return check_experiment(body, known_experiment());
    case 4:
      return check_annotation(body);
    case 5:
      return check_series(body);
    default:
      return check_token(body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  try {
    check(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  } catch (const RestProblem& refused) {
    const std::string_view why = refused.what();
    WEBMACS_PROPERTY(refused.status() == 400 || refused.status() == 422);
    WEBMACS_PROPERTY(!why.empty() && why.size() <= 200 && valid_utf8(why));
  }
  return 0;
}
