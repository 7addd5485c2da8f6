#include "server/api/rest_json.h"

#include "common/timestamp.h"
#include "server/api/rest_call.h"

#include <doctest/doctest.h>

using namespace webmacs;

namespace {

Timestamp at(std::int64_t microseconds) {
  return from_microseconds(1736951530000000 + microseconds);
}

ExperimentRecord experiment() {
  ExperimentRecord record;
  record.key = 7;
  record.public_id = "exp_1";
  record.name = "Sand \"fine\" \\ 2°";
  record.started_on = at(0);
  return record;
}

unsigned status_of(const std::function<void()>& decode) {
  try {
    decode();
  } catch (const RestProblem& problem) {
    return problem.status();
  }
  return 200;
}

}  // namespace

TEST_CASE("an experiment is written with its members in the contract's order, and nothing of the store's own") {
  CHECK(
      json_text(experiment_json(experiment())) ==
      R"({"public_id":"exp_1","name":"Sand \"fine\" \\ 2°","controllers":null,"started_on":"2025-01-15T14:32:10.000Z",)"
      R"("stopped_on":null,"notes":"","annotations":[]})");

  auto stopped = experiment();
  stopped.controllers = {"rig1", "rig2"};
  stopped.stopped_on = at(1);
  stopped.notes = "one\ntwo";
  stopped.annotations = {{"ann_1", at(0), "valve"}, {"ann_2", at(500), ""}};
  const ExperimentEdits edits{7, {{at(9000), "anna", "Before", {{"rig1"}}, at(0), std::nullopt, "old"}}};
  CHECK(json_text(experiment_json(stopped, &edits)) ==
        R"({"public_id":"exp_1","name":"Sand \"fine\" \\ 2°","controllers":["rig1","rig2"],)"
        R"("started_on":"2025-01-15T14:32:10.000Z","stopped_on":"2025-01-15T14:32:10.000001Z","notes":"one\ntwo",)"
        R"("annotations":[{"public_id":"ann_1","timestamp":"2025-01-15T14:32:10.000Z","text":"valve"},)"
        R"({"public_id":"ann_2","timestamp":"2025-01-15T14:32:10.000500Z","text":""}],)"
        R"("edits":[{"edited_on":"2025-01-15T14:32:10.009Z","edited_by":"anna","name":"Before","controllers":["rig1"],)"
        R"("started_on":"2025-01-15T14:32:10.000Z","stopped_on":null,"notes":"old"}],"edits_total":7})");
  const ExperimentEdits none;
  CHECK(json_text(experiment_json(experiment(), &none)).ends_with(R"("annotations":[],"edits":[],"edits_total":0})"));
}

TEST_CASE("a token is written without its hash, and its text only for the one who made it") {
  const TokenRecord token{"rig1", "hash", "controller", at(0), std::nullopt, at(1000)};
  CHECK(json_text(token_json(token)) == R"({"name":"rig1","role":"controller","created":"2025-01-15T14:32:10.000Z",)"
                                        R"("expires":null,"revoked":"2025-01-15T14:32:10.001Z"})");
  CHECK(json_text(token_json(token, "wm_x")).ends_with(R"(,"token":"wm_x"})"));
}

TEST_CASE("text that is no UTF-8 does not break the answer") {
  CHECK(json_text(annotation_json({"ann_1", at(0), "broken \xff!"})) ==
        "{\"public_id\":\"ann_1\",\"timestamp\":\"2025-01-15T14:32:10.000Z\",\"text\":\"broken \xEF\xBF\xBD!\"}");
}

TEST_CASE("a body changes what it names and leaves the rest") {
  auto changed = experiment();
  changed.controllers = {"rig9"};
  changed.notes = "kept";
  apply_experiment(R"({"stopped_on":"2025-01-15T14:32:11Z","controllers":["rig2","rig1","rig2"]})", changed);
  CHECK(changed.name == experiment().name);
  CHECK(changed.notes == "kept");
  CHECK(changed.stopped_on == at(1'000'000));
  CHECK(changed.controllers == std::vector<std::string>{"rig1", "rig2"});
  apply_experiment(R"({"stopped_on":null,"controllers":null})", changed);
  CHECK_FALSE(changed.stopped_on);
  CHECK_FALSE(changed.controllers);
}

TEST_CASE("a body that cannot be is refused, with the member's name") {
  auto record = experiment();
  CHECK(status_of([&] { apply_experiment("{", record); }) == 400);
  CHECK(status_of([&] { apply_experiment("[]", record); }) == 422);
  CHECK_THROWS_WITH_AS(apply_experiment(R"({"controllers":[]})", record),
                       doctest::Contains("controllers: names nobody"), RestProblem);
  CHECK_THROWS_WITH_AS(apply_experiment(R"({"stopped_on":"2025-01-15T14:32:10Z"})", record),
                       doctest::Contains("stopped_on: not after started_on"), RestProblem);
  CHECK_THROWS_WITH_AS(decode_annotation(R"({"timestamp":"yesterday","text":"x"})", at(0)),
                       doctest::Contains("timestamp: not an RFC 3339 time"), RestProblem);
  CHECK_THROWS_WITH_AS(decode_annotation("{}", at(0)), doctest::Contains("text: missing"), RestProblem);
  EventRecord event;
  CHECK_THROWS_WITH_AS(apply_event(R"({"event_public_id":"no spaces"})", event), doctest::Contains("event_public_id:"),
                       RestProblem);
}

TEST_CASE("a series without a range is the last hour, up to now") {
  const auto request = decode_series_request(R"({"event_public_ids":["evt_a"]})", at(0));
  CHECK(request.to == at(1'000'000));  // what is stamped this moment is in it
  CHECK(request.from == at(0) - std::chrono::minutes(60));
  CHECK(request.max_points == 500);
  CHECK_THROWS_WITH_AS(decode_series_request(R"({"event_public_ids":["evt_a"],"max_points":9})", at(0)),
                       doctest::Contains("max_points:"), RestProblem);
  CHECK_THROWS_WITH_AS(decode_series_request(R"({"event_public_ids":["evt_a"],"from":"2025-01-15T14:32:10Z"})", at(0)),
                       doctest::Contains("to: missing"), RestProblem);
}
