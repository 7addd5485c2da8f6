#pragma once
// Exports from any store, as tests. As store_suite.h.

#include "server/export/csv_export.h"
#include "server/store/datapoint_id.h"
#include "store_suite_experiments.h"
#include "store_support.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace webmacs::testing {

// In pieces of `bytes`.
inline std::string exported(Store& store, const ExportRequest& request, std::size_t bytes = 1000) {
  CsvExport csv(store, plan_export(store, request, at(500)));
  std::string all;
  for (bool more = true; more;) {
    std::string piece;
    more = csv.read(piece, bytes);
    CHECK(piece.size() < bytes + 500);
    all += piece;
  }
  return all;
}

inline std::string row(Store& store, const std::string& event, std::int64_t time, const std::string& middle) {
  for (const EventRecord& each : store.events()) {
    if (each.description.event_public_id != event) continue;
    return format_timestamp(at(time)) + ',' + event + ',' + middle + ',' + datapoint_public_id(each.key, at(time)) +
           "\r\n";
  }
  return "there is no event " + event;
}

inline EventDescription described(const std::string& id, const std::string& name, const std::string& unit) {
  EventDescription description;
  description.event_public_id = id;
  description.name = name;
  description.unit = unit;
  return description;
}

const std::string long_header = "timestamp,event_public_id,event_name,value,unit,quality,datapoint_public_id\r\n";

TEST_CASE_TEMPLATE_DEFINE("an export has the experiment's datapoints under the names of then", Backend,
                          store_contract_export) {
  Backend backend;
  auto store = backend.open();
  store->describe("rig1", {described("evt_a", "Inlet", "°C"), described("evt_idle", "Idle", "bar")});
  store->describe("rig2", {described("evt_other", "Other rig", "")});
  append(*store, "rig1",
         {good("evt_a", at(-1), 0), good("evt_a", at(0), 0.1), bad("evt_a", at(1), "timeout"),
          good("evt_pushed", at(1), 3), good("evt_a", at(2), 4)});
  append(*store, "rig2", {good("evt_other", at(1), 9)});
  store->add_experiment(experiment("exp_1", 0, 2, std::vector<std::string>{"rig1"}));
  // What came later, and was changed later.
  store->describe("rig1", {described("evt_a", "Outlet", "K"), described("evt_new", "New", "l"),
                           described("evt_pushed", "Pushed", "m"), described("evt_newer", "Newer", "l")});
  append(*store, "rig1", {good("evt_new", at(0), 5), good("evt_newer", at(2), 5)});

  ExportRequest request;
  request.experiment = "exp_1";
  const std::string rows = row(*store, "evt_a", 0, "Inlet,0.1,°C,good") + row(*store, "evt_new", 0, "New,5,l,good") +
                           row(*store, "evt_a", 1, "Inlet,,°C,bad") + row(*store, "evt_pushed", 1, "Pushed,3,m,good");
  for (const std::size_t bytes : {1, 100, 100000}) CHECK(exported(*store, request, bytes) == long_header + rows);

  // Columns: what the experiment began with, and what it has data of.
  request.shape = CsvShape::wide;
  CHECK(exported(*store, request) ==
        "timestamp,Inlet [°C] (evt_a),Idle [bar] (evt_idle),New [l] (evt_new),Pushed [m] (evt_pushed)\r\n" +
            format_timestamp(at(0)) + ",0.1,,5,\r\n" + format_timestamp(at(1)) + ",,,,3\r\n");

  request.events = {"evt_newer", "evt_a"};
  CHECK(exported(*store, request) == "timestamp,Inlet [°C] (evt_a),Newer [l] (evt_newer)\r\n" +
                                         format_timestamp(at(0)) + ",0.1,\r\n" + format_timestamp(at(1)) + ",,\r\n");
  request.events = {"evt_other"};
  CHECK_THROWS_AS(exported(*store, request), NothingToExport);
  request.events.clear();
  request.experiment = "exp_2";
  CHECK_THROWS_AS(exported(*store, request), NothingToExport);
}

TEST_CASE_TEMPLATE_DEFINE("an export of an interval has all rigs under their present names", Backend,
                          store_contract_export_range) {
  Backend backend;
  auto store = backend.open();
  append(*store, "rig1", {good("evt_b", at(0), 1), good("evt_b", at(10), 2)});
  append(*store, "rig2", {good("evt_a", at(0), -0.5), good("evt_idle", at(99), 2)});
  ExportRequest request;
  request.from = at(0);
  request.to = at(10);
  CHECK(exported(*store, request) ==
        long_header + row(*store, "evt_a", 0, ",-0.5,,good") + row(*store, "evt_b", 0, ",1,,good"));
  request.shape = CsvShape::wide;
  CHECK(exported(*store, request) == "timestamp,evt_a,evt_b\r\n" + format_timestamp(at(0)) + ",-0.5,1\r\n");
  request.to = at(0);
  CHECK(exported(*store, request) == "timestamp\r\n");
}

TEST_CASE_TEMPLATE_DEFINE("an experiment that runs is exported up to now, and holds nobody up", Backend,
                          store_contract_export_running) {
  Backend backend;
  auto store = backend.open();
  store->add_experiment(experiment("exp_1", 0, std::nullopt));
  std::vector<IncomingReading> readings;
  for (int i = 0; i < 1000; ++i) readings.push_back(good("evt_a", at(i), i));  // now is 500
  append(*store, "rig1", readings);
  ExportRequest request;
  request.experiment = "exp_1";
  const std::string before = exported(*store, request);
  CHECK(std::count(before.begin(), before.end(), '\n') == 501);

  // While it is read others write; what is stored behind the place that it has reached is in it.
  auto writer = backend.open();
  CsvExport csv(*store, plan_export(*store, request, at(500)));
  std::string all;
  REQUIRE(csv.read(all, 100));
  append(*writer, "rig1", {good("evt_a", at(600), 1), good("evt_z", at(1), 7), good("evt_a", at(2000), 8)});
  while (csv.read(all, all.size() + 1000)) {
  }
  CHECK(all == before);  // its events were fixed when it was planned
  CHECK(csv.rows() == 500);
}

#define WEBMACS_STORE_CONTRACT_EXPORT(Backend)                     \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_export, Backend);       \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_export_range, Backend); \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_export_running, Backend)

}  // namespace webmacs::testing
