#pragma once
// The Store contract's other half as tests: events that people make, experiments, what is known of controllers, and
// reading in bulk. As store_suite.h.

#include "server/store/point_merge.h"
#include "store_support.h"

#include <doctest/doctest.h>

#include <utility>

namespace webmacs::testing {

inline ExperimentRecord experiment(const std::string& id, std::int64_t from, std::optional<std::int64_t> to,
                                   std::optional<std::vector<std::string>> controllers = {}) {
  ExperimentRecord record;
  record.public_id = id;
  record.name = "Run " + id;
  record.controllers = std::move(controllers);
  record.started_on = at(from);
  if (to) record.stopped_on = at(*to);
  return record;
}

inline EventRecord event_of(const std::string& id, const std::string& controller, const std::string& unit = "") {
  EventRecord event;
  event.controller = controller;
  event.description.event_public_id = id;
  event.description.name = "Name of " + id;
  event.description.unit = unit;
  return event;
}

TEST_CASE_TEMPLATE_DEFINE("people make, change and remove events; those with datapoints stay", Backend,
                          store_contract_events) {
  Backend backend;
  auto store = backend.open();
  store->add_event(event_of("evt_hand", "", "kg"));
  CHECK_THROWS_AS(store->add_event(event_of("evt_hand", "rig1")), StoreConflict);
  CHECK(store->events().at(0).description.unit == "kg");
  CHECK(store->events().at(0).controller.empty());
  CHECK_FALSE(store->change_event(event_of("evt_none", "rig1")));

  // Who pushes first owns it; then it is moved, history included.
  CHECK(append(*store, "rig1", {good("evt_hand", at(0), 1)})[0].outcome == Outcome::stored);
  CHECK(store->change_event(event_of("evt_hand", "rig2", "g")));
  CHECK(append(*store, "rig1", {good("evt_hand", at(1), 1)})[0].owner == "rig2");
  CHECK(append(*store, "rig2", {good("evt_hand", at(1), 1)})[0].outcome == Outcome::stored);
  CHECK(everything(*store, "evt_hand").size() == 2);

  CHECK_THROWS_AS(store->remove_event("evt_hand"), StoreConflict);
  store->add_event(event_of("evt_gone", "rig1"));
  CHECK(store->remove_event("evt_gone"));
  CHECK_FALSE(store->remove_event("evt_gone"));
  CHECK(append(*store, "rig3", {good("evt_gone", at(1), 1)})[0].outcome == Outcome::stored);
}

TEST_CASE_TEMPLATE_DEFINE("experiments never overlap on a controller", Backend, store_contract_experiments) {
  Backend backend;
  auto store = backend.open();
  using Names = std::vector<std::string>;
  store->add_experiment(experiment("exp_1", 0, 100, Names{"rig1", "rig2"}));
  store->add_experiment(experiment("exp_2", 50, 150, Names{"rig3"}));   // other rigs
  store->add_experiment(experiment("exp_3", 100, 200, Names{"rig1"}));  // begins where the first ends
  CHECK_THROWS_WITH_AS(store->add_experiment(experiment("exp_4", 99, 101, Names{"rig2"})), doctest::Contains("exp_1"),
                       StoreConflict);
  CHECK_THROWS_AS(store->add_experiment(experiment("exp_4", 199, std::nullopt)), StoreConflict);
  store->add_experiment(experiment("exp_4", 200, std::nullopt));  // all rigs, and it runs
  CHECK_THROWS_AS(store->add_experiment(experiment("exp_5", 1000, 1001, Names{"rig9"})), StoreConflict);

  const auto all = backend.open()->experiments();
  REQUIRE(all.size() == 4);
  CHECK(all[0].public_id == "exp_1");
  CHECK(all[0].controllers == Names{"rig1", "rig2"});
  CHECK(all[0].stopped_on == at(100));
  CHECK_FALSE(all[3].controllers);
  CHECK_FALSE(all[3].stopped_on);

  auto moved = all[2];
  moved.started_on = at(90);
  CHECK_THROWS_AS(store->change_experiment(moved, "anna", at(500), at(0)), StoreConflict);
  moved.started_on = at(120);
  moved.name = "'; DROP TABLE experiments; -- ☃";
  moved.notes = "Zeile 1\nZeile 2";
  CHECK(store->change_experiment(moved, "anna", at(500), at(0)));
  CHECK(store->experiments().at(2).name == moved.name);
  CHECK(store->experiments().at(2).notes == moved.notes);
  const auto edits = store->experiment_edits("exp_3", 0, 10).edits;
  REQUIRE(edits.size() == 1);
  CHECK(edits[0].edited_by == "anna");
  CHECK(edits[0].edited_on == at(500));
  CHECK(edits[0].started_on == at(100));
  CHECK(edits[0].name == "Run exp_3");
  CHECK(edits[0].controllers == Names{"rig1"});
  for (int i = 0; i < 5; ++i) {
    moved.notes = "note " + std::to_string(i);
    CHECK(store->change_experiment(moved, "bert", at(600 + i), at(0)));
  }
  const auto page = store->experiment_edits("exp_3", 1, 2);  // the newest first
  CHECK(page.total == 6);
  REQUIRE(page.edits.size() == 2);
  CHECK(page.edits[0].edited_on == at(603));
  CHECK(page.edits[1].notes == "note 1");
  CHECK(store->experiment_edits("exp_3", 6, 10).edits.empty());
  CHECK(store->experiment_edits("exp_none", 0, 10).total == 0);
  CHECK_FALSE(store->change_experiment(experiment("exp_none", 0, 1), "anna", at(0), at(0)));
}

TEST_CASE_TEMPLATE_DEFINE("an experiment that grows may not come to overlap, whichever way it grows", Backend,
                          store_contract_growth) {
  Backend backend;
  auto store = backend.open();
  using Names = std::vector<std::string>;
  store->add_experiment(experiment("exp_before", 0, 100, Names{"rig1"}));
  store->add_experiment(experiment("exp_mine", 100, 200, Names{"rig1"}));
  store->add_experiment(experiment("exp_after", 200, 300, Names{"rig1"}));
  store->add_experiment(experiment("exp_beside", 100, 200, Names{"rig2"}));
  const auto changed = [&](auto change) {
    auto mine = *store->experiment("exp_mine");
    change(mine);
    store->change_experiment(mine, "anna", at(500), at(0));
  };
  const auto refused = [&](const char* overlapped, auto change) {
    CHECK_THROWS_WITH_AS(changed(change), doctest::Contains(overlapped), StoreConflict);
  };
  refused("exp_before", [](auto& mine) { mine.started_on = at(99); });
  refused("exp_after", [](auto& mine) { mine.stopped_on = at(201); });
  refused("exp_after", [](auto& mine) { mine.stopped_on.reset(); });
  refused("exp_beside", [](auto& mine) { mine.controllers = Names{"rig1", "rig2"}; });
  refused("exp_beside", [](auto& mine) { mine.controllers = Names{"rig2"}; });
  refused("exp_beside", [](auto& mine) { mine.controllers.reset(); });
  CHECK(store->experiment("exp_mine")->started_on == at(100));
  CHECK(store->experiment("exp_mine")->controllers == Names{"rig1"});

  changed([](auto& mine) { mine.notes = "the same interval"; });
  changed([](auto& mine) { mine.started_on = at(120); });
  changed([](auto& mine) { mine.stopped_on = at(180); });
  changed([](auto& mine) { mine.controllers = Names{"rig1", "rig3"}; });
  CHECK(store->experiment("exp_mine")->stopped_on == at(180));
}

TEST_CASE_TEMPLATE_DEFINE("an experiment that was refused leaves nothing behind", Backend, store_contract_refused) {
  Backend backend;
  auto store = backend.open();
  using Names = std::vector<std::string>;
  store->add_experiment(experiment("exp_1", 100, 200, Names{"rig1"}));
  store->add_experiment(experiment("exp_2", 300, 400, Names{"rig1", "rig2"}));
  store->add_experiment(experiment("exp_3", 300, 400, Names{"rig3"}));
  CHECK_THROWS_AS(store->add_experiment(experiment("exp_4", 150, 160)), StoreConflict);
  CHECK_FALSE(store->experiment("exp_4"));

  // Of several the first is named; one that is over before, begins after or is of other rigs is none of them.
  auto changed = *store->experiment("exp_3");
  changed.name = "moved";
  changed.started_on = at(50);
  changed.stopped_on.reset();
  changed.controllers = Names{"rig1"};
  CHECK_THROWS_WITH_AS(store->change_experiment(changed, "anna", at(500), at(0)),
                       doctest::Contains("experiment exp_1 (Run"), StoreConflict);
  changed.started_on = at(200);
  CHECK_THROWS_WITH_AS(store->change_experiment(changed, "anna", at(500), at(0)),
                       doctest::Contains("experiment exp_2 (Run"), StoreConflict);
  const auto kept = store->experiment("exp_3");
  REQUIRE(kept);
  CHECK(kept->name == "Run exp_3");
  CHECK(kept->started_on == at(300));
  CHECK(kept->controllers == Names{"rig3"});
  CHECK(store->experiment_edits("exp_3", 0, 10).edits.empty());
  changed.started_on = at(400);
  CHECK(store->change_experiment(changed, "anna", at(500), at(0)));
}

TEST_CASE_TEMPLATE_DEFINE("one experiment and one event are read alone as they are among all", Backend,
                          store_contract_one_record) {
  Backend backend;
  auto store = backend.open();
  store->add_event(event_of("evt_a", "rig1", "kg"));
  store->add_event(event_of("evt_b", "rig2"));
  store->add_experiment(experiment("exp_1", 0, 100, std::vector<std::string>{"rig2", "rig1"}));
  store->add_experiment(experiment("exp_2", 100, std::nullopt));
  store->annotate("exp_1", {"ann_2", at(7), "second"});
  store->annotate("exp_1", {"ann_1", at(3), "first"});
  store->annotate("exp_2", {"ann_3", at(101), "of the other"});

  const auto all = store->experiments();
  for (const auto& among_all : all) {
    const auto alone = store->experiment(among_all.public_id);
    REQUIRE(alone);
    CHECK(*alone == among_all);
  }
  CHECK(all[0].annotations.at(0).text == "first");
  CHECK_FALSE(store->experiment("exp_none"));
  const auto event = store->event("evt_a");
  REQUIRE(event);
  CHECK(event->key == store->events().at(0).key);
  CHECK(event->controller == "rig1");
  CHECK(event->description.unit == "kg");
  CHECK_FALSE(store->event("evt_none"));
}

TEST_CASE_TEMPLATE_DEFINE("annotations come and go with their experiment, datapoints stay", Backend,
                          store_contract_annotations) {
  Backend backend;
  auto store = backend.open();
  append(*store, "rig1", {good("evt_a", at(5), 1)});
  store->add_experiment(experiment("exp_1", 0, 100));
  CHECK(store->annotate("exp_1", {"ann_2", at(7), "später"}));
  CHECK(store->annotate("exp_1", {"ann_1", at(3), "valve opened"}));
  CHECK_FALSE(store->annotate("exp_none", {"ann_3", at(3), ""}));
  auto annotations = store->experiments().at(0).annotations;
  REQUIRE(annotations.size() == 2);
  CHECK(annotations[0].text == "valve opened");
  CHECK(annotations[1].time == at(7));
  CHECK_FALSE(store->remove_annotation("exp_none", "ann_1"));
  CHECK(store->remove_annotation("exp_1", "ann_1"));
  CHECK_FALSE(store->remove_annotation("exp_1", "ann_1"));
  CHECK(store->remove_experiment("exp_1", at(0)));
  CHECK_FALSE(store->remove_experiment("exp_1", at(0)));
  CHECK(store->experiments().empty());
  CHECK(everything(*store, "evt_a").size() == 1);
  store->add_experiment(experiment("exp_1", 0, 100));
  CHECK(store->experiments().at(0).annotations.empty());
}

TEST_CASE_TEMPLATE_DEFINE("the events' configuration at the start stays with the experiment", Backend,
                          store_contract_configuration) {
  Backend backend;
  auto store = backend.open();
  store->describe("rig1", {{"evt_a", "Inlet", "analog", "°C", 0.0, 200.0, 0.5, std::nullopt, "plc"}});
  store->describe("rig2", {{"evt_b", "Theirs", "analog", "bar", {}, {}, {}, {}, ""}});
  store->add_experiment(experiment("exp_1", 0, std::nullopt, std::vector<std::string>{"rig1"}));
  store->describe("rig1", {{"evt_a", "Inlet", "analog", "K", 0.0, 500.0, 0.5, std::nullopt, "plc"},
                           {"evt_late", "Added", "analog", "g", {}, {}, {}, {}, ""}});
  auto kept = store->experiment_events("exp_1");
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].description.unit == "°C");
  CHECK(kept[0].description.max_value == 200.0);
  CHECK(kept[0].key == store->events().at(0).key);

  // One that came while it ran is kept when it stops; the first ones stay as they were.
  auto stopped = store->experiments().at(0);
  stopped.stopped_on = at(100);
  CHECK(store->change_experiment(stopped, "anna", at(100), at(0)));
  kept = store->experiment_events("exp_1");
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].description.unit == "°C");
  CHECK(kept[1].description.event_public_id == "evt_late");
}

TEST_CASE_TEMPLATE_DEFINE("several events are read in one sequence, from any place in it", Backend,
                          store_contract_merge) {
  Backend backend;
  auto store = backend.open();
  std::vector<IncomingReading> readings;
  for (int i = 0; i < 20000; ++i) {
    readings.push_back(good("evt_" + std::to_string(i % 2), at(i / 2), i));
    if (readings.size() == 1000) append(*store, "rig1", std::exchange(readings, {}));
  }
  append(*store, "rig1", {bad("evt_2", at(77), "timeout")});

  PointMerge all(*store, store->events(), at(0), at(9999));
  PointMerge::Item item;
  int count = 0;
  Timestamp before = at(-1);
  while (all.next(item)) {
    CHECK(item.point->time >= before);
    before = item.point->time;
    if (item.event == 2) CHECK(item.point->reason == "timeout");
    ++count;
  }
  CHECK(count == 2 * 9999 + 1);

  PointMerge rest(*store, store->events(), at(0), at(10000));
  rest.skip_until_after(at(77), "evt_1");
  REQUIRE(rest.next(item));
  CHECK(rest.events()[item.event].description.event_public_id == "evt_2");
  CHECK_FALSE(item.point->value.has_value());
  REQUIRE(rest.next(item));
  CHECK(item.point->value == 2.0 * 78);
}

TEST_CASE_TEMPLATE_DEFINE("what a controller last said of itself is kept", Backend, store_contract_controllers) {
  Backend backend;
  auto store = backend.open();
  CHECK(store->controllers().empty());
  const StatusFrame said{"rig1", "1.2.3", 17, 4, std::nullopt, {{"plc", false, "timeout"}, {"scale", true, ""}}};
  store->save_controllers({{"rig2", at(0), said}, {"rig1", at(1), said}, {"rig3", at(2), std::nullopt}});
  store->save_controllers({{"rig2", at(5), StatusFrame{"rig2", "", 0, 0, at(0), {{"plc", true, ""}}}}});
  const auto controllers = backend.open()->controllers();
  REQUIRE(controllers.size() == 3);
  CHECK(controllers[0].name == "rig1");
  CHECK(controllers[0].last_seen == at(1));
  REQUIRE(controllers[0].status);
  CHECK(controllers[0].status->agent == "rig1");
  CHECK(controllers[0].status->version == "1.2.3");
  CHECK(controllers[0].status->backlog == 17);
  CHECK(controllers[0].status->dropped == 4);
  REQUIRE(controllers[0].status->devices.size() == 2);
  CHECK(controllers[0].status->devices[0].error == "timeout");
  CHECK(controllers[0].status->devices[1].name == "scale");
  CHECK(controllers[0].status->devices[1].online);
  // Said again: with fewer devices.
  CHECK(controllers[1].last_seen == at(5));
  REQUIRE(controllers[1].status);
  CHECK(controllers[1].status->backlog == 0);
  REQUIRE(controllers[1].status->devices.size() == 1);
  CHECK(controllers[1].status->devices[0].online);
  CHECK_FALSE(controllers[2].status);
}

#define WEBMACS_STORE_CONTRACT_EXPERIMENTS(Backend)                 \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_events, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_experiments, Backend);   \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_refused, Backend);       \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_growth, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_one_record, Backend);    \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_annotations, Backend);   \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_controllers, Backend);   \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_configuration, Backend); \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_merge, Backend)

}  // namespace webmacs::testing
