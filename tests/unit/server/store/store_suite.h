#pragma once
// The Store contract as tests that any store has to pass. `Backend` is default-constructible, stands for one empty
// database and has `std::unique_ptr<Store> open()`, which may be called as often as wanted. A store's test file
// registers the suite with TEST_CASE_TEMPLATE_INVOKE(store_contract_…, Backend).

#include "store_support.h"

#include <doctest/doctest.h>

namespace webmacs::testing {

TEST_CASE_TEMPLATE_DEFINE("a reading is found again as it was stored", Backend, store_contract_round_trip) {
  Backend backend;
  auto store = backend.open();
  const std::vector<IncomingReading> sent{
      good("evt_a", at(0), 23.45),
      good("evt_a", at(1), -0.0),
      good("evt_a", at(2), 5e-324),
      good("evt_a", at(3), 1.7976931348623157e308),
      good("evt_a", at(4), 9007199254740993),
      bad("evt_a", at(5), "exception 2"),
      bad("evt_a", at(6), ""),
  };
  const auto results = append(*store, "rig1", sent);
  REQUIRE(results.size() == sent.size());
  for (const AppendResult& result : results) CHECK(result.outcome == Outcome::stored);

  for (auto* reader : {store.get(), backend.open().release()}) {
    const std::unique_ptr<Store> owned(reader == store.get() ? nullptr : reader);
    const auto points = everything(*reader, "evt_a");
    REQUIRE(points.size() == sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
      CHECK(points[i].reading == sent[i].reading);
      CHECK(points[i].event_key == results[0].event_key);
      CHECK(results[i].time == sent[i].reading.time);
    }
  }
}

TEST_CASE_TEMPLATE_DEFINE("the same value again is a duplicate, another one a conflict", Backend,
                          store_contract_identity) {
  Backend backend;
  auto store = backend.open();
  append(*store, "rig1", {good("evt_a", at(0), 1), bad("evt_a", at(1), "timeout")});

  const auto again = append(*store, "rig1",
                            {good("evt_a", at(0), 1), good("evt_a", at(0), 2), bad("evt_a", at(0), "timeout"),
                             bad("evt_a", at(1), "disconnected"), good("evt_a", at(1), 1)});
  CHECK(outcomes(again) ==
        std::vector{Outcome::duplicate, Outcome::conflict, Outcome::conflict, Outcome::duplicate, Outcome::conflict});
  const auto points = everything(*store, "evt_a");
  REQUIRE(points.size() == 2);
  CHECK(points[0].reading.value == 1.0);
  CHECK(points[1].reading.reason == "timeout");
}

TEST_CASE_TEMPLATE_DEFINE("duplicates and conflicts within one transaction are told", Backend,
                          store_contract_identity_within) {
  Backend backend;
  auto store = backend.open();
  const IncomingBatch first{"rig1", {good("evt_a", at(0), 1), good("evt_a", at(0), 1), good("evt_a", at(0), 3)}};
  const IncomingBatch second{"rig1", {good("evt_a", at(0), 1), good("evt_a", at(1), 1)}};
  const auto results = store->append(std::array{&first, &second});
  REQUIRE(results.size() == 2);
  CHECK(outcomes(results[0]) == std::vector{Outcome::stored, Outcome::duplicate, Outcome::conflict});
  CHECK(outcomes(results[1]) == std::vector{Outcome::duplicate, Outcome::stored});
  CHECK(everything(*store, "evt_a").size() == 2);
}

TEST_CASE_TEMPLATE_DEFINE("an event belongs to the first controller that pushes it", Backend,
                          store_contract_ownership) {
  Backend backend;
  auto store = backend.open();
  append(*store, "rig1", {good("evt_a", at(0), 1)});
  const auto foreign = append(*store, "rig2", {good("evt_a", at(1), 2), good("evt_b", at(1), 2)});
  REQUIRE(outcomes(foreign) == std::vector{Outcome::foreign_event, Outcome::stored});
  CHECK(foreign[0].owner == "rig1");
  CHECK(foreign[1].owner.empty());

  // Also for another connection, and in one transaction with the owner's.
  auto other = backend.open();
  const IncomingBatch theirs{"rig2", {good("evt_c", at(0), 1)}};
  const IncomingBatch ours{"rig1", {good("evt_c", at(1), 1), good("evt_a", at(2), 3)}};
  const auto results = other->append(std::array{&theirs, &ours});
  CHECK(outcomes(results[0]) == std::vector{Outcome::stored});
  CHECK(outcomes(results[1]) == std::vector{Outcome::foreign_event, Outcome::stored});
  CHECK(results[1][0].owner == "rig2");

  const auto events = store->events();
  REQUIRE(events.size() == 3);
  CHECK(events[0].controller == "rig1");
  CHECK(events[1].controller == "rig2");
  CHECK(events[2].controller == "rig2");
  CHECK_FALSE(events[0].described);
}

TEST_CASE_TEMPLATE_DEFINE("events that another connection made are known", Backend, store_contract_two_writers) {
  Backend backend;
  auto one = backend.open();
  auto two = backend.open();
  const auto made = append(*one, "rig1", {good("evt_a", at(0), 1)});
  const auto found = append(*two, "rig1", {good("evt_a", at(1), 2)});
  CHECK(found[0].event_key == made[0].event_key);
  two->describe("rig2", {{"evt_b", "B", "analog", "", {}, {}, {}, {}, ""}});
  const auto foreign = append(*one, "rig1", {good("evt_b", at(0), 1)});
  CHECK(foreign[0].outcome == Outcome::foreign_event);
  CHECK(foreign[0].owner == "rig2");
  CHECK(everything(*one, "evt_a").size() == 2);
}

TEST_CASE_TEMPLATE_DEFINE("readings without a time take the next free microsecond", Backend, store_contract_receipt) {
  Backend backend;
  auto store = backend.open();
  append(*store, "rig1", {good("evt_a", at(1), 7), good("evt_a", at(4), 7)});
  const auto results = append(*store, "rig1",
                              {received("evt_a", at(0), 7), received("evt_a", at(0), 7), received("evt_a", at(0), 7),
                               received("evt_a", at(0), 7), received("evt_b", at(0), 7)});
  std::vector<Timestamp> times;
  for (const AppendResult& result : results) {
    CHECK(result.outcome == Outcome::stored);
    times.push_back(result.time);
  }
  CHECK(times == std::vector{at(0), at(2), at(3), at(5), at(0)});
  // A clock that stepped back finds the free places in front of them.
  CHECK(append(*store, "rig1", {received("evt_a", at(-1), 7)})[0].time == at(-1));
  CHECK(append(*store, "rig1", {received("evt_a", at(-1), 7)})[0].time == at(6));
  CHECK(everything(*store, "evt_a").size() == 8);
}

TEST_CASE_TEMPLATE_DEFINE("a burst of readings without a time is stored whole", Backend, store_contract_burst) {
  Backend backend;
  auto store = backend.open();
  constexpr int count = 20000;
  for (int round = 0; round < count / 500; ++round) {
    append(*store, "rig1", std::vector<IncomingReading>(500, received("evt_a", at(0), 1)));
  }
  const auto points = everything(*store, "evt_a");
  REQUIRE(points.size() == count);
  CHECK(points.back().reading.time == at(count - 1));
}

TEST_CASE_TEMPLATE_DEFINE("an agent's descriptions are kept and replaced", Backend, store_contract_describe) {
  Backend backend;
  auto store = backend.open();
  append(*store, "rig2", {good("evt_theirs", at(0), 1)});
  EventDescription inlet{"evt_temp01", "Inlet temperature", "analog", "°C", 0.0, 200.0, 0.5, std::nullopt, "plc"};
  const EventDescription theirs{"evt_theirs", "Mine?", "digital", "", {}, {}, {}, {}, ""};
  const auto refused = store->describe("rig1", {inlet, theirs});
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].index == 1);
  CHECK(refused[0].owner == "rig2");

  inlet.unit = "K";
  inlet.min_value = std::nullopt;
  inlet.max_silence = 60.0;
  CHECK(store->describe("rig1", {inlet}).empty());
  auto other = backend.open();
  const auto events = other->events();
  REQUIRE(events.size() == 2);
  CHECK(events[0].controller == "rig1");
  CHECK(events[0].described);
  const EventDescription& kept = events[0].description;
  CHECK(kept.event_public_id == "evt_temp01");
  CHECK(kept.name == "Inlet temperature");
  CHECK(kept.type == "analog");
  CHECK(kept.unit == "K");
  CHECK_FALSE(kept.min_value.has_value());
  CHECK(kept.max_value == 200.0);
  CHECK(kept.poll_interval == 0.5);
  CHECK(kept.max_silence == 60.0);
  CHECK(kept.device == "plc");
  CHECK_FALSE(events[1].described);
  CHECK(events[1].description.name.empty());
}

TEST_CASE_TEMPLATE_DEFINE("latest is the greatest time that is not after the bound", Backend, store_contract_latest) {
  Backend backend;
  auto store = backend.open();
  CHECK(store->latest(at(0)).empty());
  append(*store, "rig1",
         {good("evt_a", at(10), 1), good("evt_a", at(5), 2), bad("evt_b", at(7), "timeout"), good("evt_b", at(6), 4),
          good("evt_c", at(100), 5)});
  store->describe("rig1", {{"evt_silent", "", "analog", "", {}, {}, {}, {}, ""}});
  const auto latest = store->latest(at(99));
  REQUIRE(latest.size() == 2);
  CHECK(latest[0].reading == Reading{"evt_a", at(10), 1.0, ""});
  CHECK(latest[1].reading == Reading{"evt_b", at(7), std::nullopt, "timeout"});
  CHECK(store->latest(at(100)).size() == 3);
  CHECK(store->latest(at(9))[0].reading == Reading{"evt_a", at(5), 2.0, ""});
}

TEST_CASE_TEMPLATE_DEFINE("a range holds its begin, not its end, and at most so many", Backend, store_contract_range) {
  Backend backend;
  auto store = backend.open();
  std::vector<IncomingReading> readings;
  for (int i = 9; i >= 0; --i) readings.push_back(good("evt_a", at(i), i));
  readings.push_back(good("evt_b", at(3), 99));
  append(*store, "rig1", readings);
  const auto points = store->range("evt_a", at(2), at(6), 100);
  REQUIRE(points.size() == 4);
  for (int i = 0; i < 4; ++i) CHECK(points[static_cast<std::size_t>(i)].reading.value == 2.0 + i);
  CHECK(store->range("evt_a", at(2), at(6), 3).back().reading.time == at(4));
  CHECK(store->range("evt_a", at(6), at(6), 100).empty());
  CHECK(store->range("evt_nobody", at(0), at(6), 100).empty());
}

TEST_CASE_TEMPLATE_DEFINE("tokens are added, found, revoked, and their names used again", Backend,
                          store_contract_tokens) {
  Backend backend;
  auto store = backend.open();
  TokenRecord rig = token("rig1", std::string(64, 'a'), "controller");
  rig.expires = at(1000);
  store->add_token(rig);
  CHECK_THROWS_WITH_AS(store->add_token(token("rig1", std::string(64, 'b'))),
                       "token name rig1 is in use; revoke that token first, or choose another name", StoreError);
  CHECK_FALSE(store->revoke_token("rig2", at(5)));
  CHECK(store->revoke_token("rig1", at(5)));
  CHECK_FALSE(store->revoke_token("rig1", at(6)));
  store->add_token(token("rig1", std::string(64, 'b'), "admin"));

  const auto tokens = backend.open()->tokens();
  REQUIRE(tokens.size() == 2);
  CHECK(tokens[0].name == "rig1");
  CHECK(tokens[0].hash == std::string(64, 'a'));
  CHECK(tokens[0].role == "controller");
  CHECK(tokens[0].created == at(0));
  CHECK(tokens[0].expires == at(1000));
  CHECK(tokens[0].revoked == at(5));
  CHECK(tokens[1].role == "admin");
  CHECK_FALSE(tokens[1].expires.has_value());
  CHECK_FALSE(tokens[1].revoked.has_value());
}

TEST_CASE_TEMPLATE_DEFINE("a token that another connection revokes changes the counter", Backend,
                          store_contract_change_counter) {
  Backend backend;
  auto hub = backend.open();
  auto command_line = backend.open();
  hub->add_token(token("rig1", std::string(64, 'a')));
  const std::int64_t before = hub->change_counter();
  CHECK(hub->change_counter() == before);
  REQUIRE(command_line->revoke_token("rig1", at(1)));
  CHECK(hub->change_counter() != before);
  CHECK(hub->tokens().at(0).revoked == at(1));
}

TEST_CASE_TEMPLATE_DEFINE("readings of every month of two centuries are stored", Backend, store_contract_months) {
  Backend backend;
  auto store = backend.open();
  const std::vector<Timestamp> times{from_microseconds(0), from_microseconds(951782400000000),  // 2000-02-29
                                     from_microseconds(1735689599999999), from_microseconds(1735689600000000),
                                     from_microseconds(7258118399999999)};
  std::vector<IncomingReading> readings;
  for (const Timestamp time : times) readings.push_back(good("evt_a", time, 1));
  for (const AppendResult& result : append(*store, "rig1", readings)) CHECK(result.outcome == Outcome::stored);
  for (const AppendResult& result : append(*store, "rig1", readings)) CHECK(result.outcome == Outcome::duplicate);
  const auto points = everything(*store, "evt_a");
  REQUIRE(points.size() == times.size());
  for (std::size_t i = 0; i < times.size(); ++i) CHECK(points[i].reading.time == times[i]);
  CHECK(store->latest(times[3]).at(0).reading.time == times[3]);
}

TEST_CASE_TEMPLATE_DEFINE("readings without a time find their places among those that have one", Backend,
                          store_contract_mixed_receipt) {
  Backend backend;
  auto store = backend.open();
  append(*store, "rig1", {good("evt_a", at(30000), 9)});
  const auto results = append(*store, "rig1",
                              {good("evt_a", at(0), 1), received("evt_a", at(0), 2), good("evt_a", at(1), 3),
                               received("evt_a", at(30000), 4), good("evt_a", at(1), 2)});
  CHECK(outcomes(results) ==
        std::vector{Outcome::stored, Outcome::stored, Outcome::conflict, Outcome::stored, Outcome::duplicate});
  CHECK(results[1].time == at(1));
  CHECK(results[3].time == at(30001));
}

TEST_CASE_TEMPLATE_DEFINE("text of every kind is kept as it is", Backend, store_contract_hostile_text) {
  Backend backend;
  auto store = backend.open();
  const std::string hostile = "'; DROP TABLE events; -- \" \\ % _ \n ☃ 𝛑";
  append(*store, hostile, {bad("evt_a", at(0), hostile)});
  store->describe(hostile, {{"evt_a", hostile, "analog", hostile, {}, {}, {}, {}, hostile}});
  CHECK(everything(*store, "evt_a").at(0).reading.reason == hostile);
  const auto events = store->events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].controller == hostile);
  CHECK(events[0].description.unit == hostile);
}

TEST_CASE_TEMPLATE_DEFINE("a reader sees whole transactions while the writer writes", Backend, store_contract_readers) {
  Backend backend;
  auto writer = backend.open();
  auto reader = backend.open();
  for (int i = 0; i < 50; ++i) {
    append(*writer, "rig1", {good("evt_a", at(i), i), good("evt_b", at(i), i)});
    const auto latest = reader->latest(at(1000));
    REQUIRE(latest.size() == 2);
    CHECK(latest[0].reading.time == at(i));
    CHECK(latest[1].reading.time == at(i));
    reader->check();
  }
  CHECK(writer->append({}).empty());
}

#define WEBMACS_STORE_CONTRACT(Backend)                               \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_round_trip, Backend);      \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_identity, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_identity_within, Backend); \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_ownership, Backend);       \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_two_writers, Backend);     \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_receipt, Backend);         \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_burst, Backend);           \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_describe, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_latest, Backend);          \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_range, Backend);           \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_tokens, Backend);          \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_change_counter, Backend);  \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_months, Backend);          \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_mixed_receipt, Backend);   \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_hostile_text, Backend);    \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_readers, Backend)

}  // namespace webmacs::testing
