#include "server/export/csv_writer.h"

#include "server/store/datapoint_id.h"
#include "unit/server/store/store_support.h"

#include <doctest/doctest.h>

#include <initializer_list>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

EventRecord event(std::int64_t key, const std::string& id, const std::string& name, const std::string& unit) {
  EventRecord record;
  record.key = key;
  record.description.event_public_id = id;
  record.description.name = name;
  record.description.unit = unit;
  return record;
}

struct Row {
  std::size_t event;
  std::int64_t microseconds;
  std::optional<double> value;
};

// Without the header.
std::string written(CsvShape shape, const std::vector<EventRecord>& events, std::initializer_list<Row> rows) {
  CsvWriter writer(shape, events);
  std::string out;
  for (const Row& row : rows) writer.append(out, row.event, {at(row.microseconds), row.value, "timeout"});
  writer.finish(out);
  return out;
}

std::string header(CsvShape shape, const std::vector<EventRecord>& events) {
  return CsvWriter(shape, events).header();
}

}  // namespace

TEST_CASE("a row for each datapoint, with the contract's columns") {
  const std::vector<EventRecord> events{event(1, "evt_a", "Inlet temperature", "°C"), event(40, "evt_b", "", "")};
  CHECK(header(CsvShape::long_form, events) ==
        "timestamp,event_public_id,event_name,value,unit,quality,datapoint_public_id\r\n");
  CHECK(written(CsvShape::long_form, events, {{0, 0, 23.45}, {1, 0, -1e-300}, {0, 1500, 1e5}, {1, 1000000, {}}}) ==
        "2025-01-15T14:32:10.000Z,evt_a,Inlet temperature,23.45,°C,good," + datapoint_public_id(1, at(0)) +
            "\r\n2025-01-15T14:32:10.000Z,evt_b,,-1e-300,,good," + datapoint_public_id(40, at(0)) +
            "\r\n2025-01-15T14:32:10.001500Z,evt_a,Inlet temperature,1e+05,°C,good," +
            datapoint_public_id(1, at(1500)) + "\r\n2025-01-15T14:32:11.000Z,evt_b,,,,bad," +
            datapoint_public_id(40, at(1000000)) + "\r\n");
}

TEST_CASE("times read as everywhere, whatever the row before said") {
  const std::vector<EventRecord> events{event(1, "e", "", "")};
  for (const std::int64_t first : {0, 1, 1000, 999999}) {
    for (const std::int64_t step :
         std::initializer_list<std::int64_t>{0, 1, 10, 999, 1000, 1001, 999000, 1000000, 86400000000}) {
      const std::string out =
          written(CsvShape::long_form, events, {{0, first, 1}, {0, first + step, 2}, {0, first + 2 * step, 3}});
      std::string expected;
      for (int i = 0; i < 3; ++i) {
        const Timestamp time = at(first + i * step);
        expected +=
            format_timestamp(time) + ",e,," + std::to_string(i + 1) + ",,good," + datapoint_public_id(1, time) + "\r\n";
      }
      CHECK(out == expected);
    }
  }
}

TEST_CASE("names with commas, quotes and line breaks are quoted") {
  const std::vector<EventRecord> events{event(1, "evt_a", "a,b", "\"in\""), event(2, "evt_b", "x\r\ny", "m³/h")};
  CHECK(written(CsvShape::long_form, events, {{0, 0, 1}}) ==
        "2025-01-15T14:32:10.000Z,evt_a,\"a,b\",1,\"\"\"in\"\"\",good," + datapoint_public_id(1, at(0)) + "\r\n");
  CHECK(header(CsvShape::wide, events) == "timestamp,\"a,b [\"\"in\"\"] (evt_a)\",\"x\r\ny [m³/h] (evt_b)\"\r\n");
}

TEST_CASE("a spreadsheet takes no name for a formula") {
  for (const std::string name : {"=1+1", "+1", "-x", "@sum", "\tx"}) {
    const std::vector<EventRecord> events{event(1, "evt_a", name, name)};
    CHECK(written(CsvShape::long_form, events, {{0, 0, -5}}) == "2025-01-15T14:32:10.000Z,evt_a,'" + name + ",-5,'" +
                                                                    name + ",good," + datapoint_public_id(1, at(0)) +
                                                                    "\r\n");
    CHECK(header(CsvShape::wide, events) == "timestamp,'" + name + " [" + name + "] (evt_a)\r\n");
  }
  // The unit of what has none, and what is no formula.
  for (const std::string unit : {"-", "%", "a=b", "1/min"}) {
    const std::vector<EventRecord> events{event(1, "evt_a", "n", unit)};
    CHECK(written(CsvShape::long_form, events, {{0, 0, 1}}) ==
          "2025-01-15T14:32:10.000Z,evt_a,n,1," + unit + ",good," + datapoint_public_id(1, at(0)) + "\r\n");
  }
}

TEST_CASE("wide: a column for each event, a row for each time") {
  const std::vector<EventRecord> events{event(1, "evt_a", "Inlet temperature", "°C"), event(2, "evt_b", "", "bar"),
                                        event(3, "evt_c", "Door", ""), event(4, "evt_d", "", "")};
  CHECK(header(CsvShape::wide, events) ==
        "timestamp,Inlet temperature [°C] (evt_a),evt_b [bar],Door (evt_c),evt_d\r\n");
  CsvWriter writer(CsvShape::wide, events);
  std::string out;
  for (const Row& row : {Row{0, 0, 1.5}, Row{2, 0, 0.0}, Row{1, 1, {}}, Row{3, 2000000, 7.0}}) {
    writer.append(out, row.event, {at(row.microseconds), row.value, "timeout"});
  }
  writer.finish(out);
  writer.finish(out);  // there is one end
  CHECK(out ==
        "2025-01-15T14:32:10.000Z,1.5,,0,\r\n2025-01-15T14:32:10.000001Z,,,,\r\n"
        "2025-01-15T14:32:12.000Z,,,,7\r\n");
  CHECK(writer.rows() == 3);
}

TEST_CASE("shapes have two names") {
  CHECK(parse_csv_shape("long") == CsvShape::long_form);
  CHECK(parse_csv_shape("wide") == CsvShape::wide);
  for (const char* wrong : {"", "Wide", "tall", "wide "}) CHECK_FALSE(parse_csv_shape(wrong).has_value());
}
