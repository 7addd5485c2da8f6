#pragma once
// Datapoints as CSV (RFC 4180: CRLF, quotes where a comma, a quote or a line break asks for them; UTF-8 without a byte
// order mark). Pure; one export each.
//
// Long: a row for each datapoint, with the contract's columns; a bad one has no value and the quality "bad".
// Wide: a row for each time, a column for each event under "Name [unit] (event_public_id)" - where there is no name
// "event_public_id [unit]", without a unit no brackets -; a cell is empty where the event has no datapoint at that
// time, or a bad one. A name or unit that a spreadsheet would take for a formula (it begins with = + - @, a tab or a
// carriage return, and is not that one character alone) gets an apostrophe in front. Values and ids are never altered.

#include "server/store/store.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

enum class CsvShape { long_form, wide };
// "long" or "wide".
std::optional<CsvShape> parse_csv_shape(std::string_view text);

class CsvWriter {
 public:
  // Each event as it is to be called; wide: the order of the columns.
  CsvWriter(CsvShape shape, const std::vector<EventRecord>& events);

  const std::string& header() const { return header_; }
  // Ascending by time. `event`: its place among the events. Wide: what is added is the row before this time.
  void append(std::string& out, std::size_t event, const Point& point);
  // Wide: the last row.
  void finish(std::string& out);
  // Without the header.
  std::uint64_t rows() const { return rows_; }

 private:
  // What is the same in all rows of an event.
  struct Event {
    std::string before_value;  // ",evt_temp01,Inlet temperature,"
    std::string good, bad;     // ",°C,good,dp_1"
  };
  void make_long(const std::vector<EventRecord>& events);
  void make_wide(const std::vector<EventRecord>& events);
  void set_time(Timestamp time);

  const CsvShape shape_;
  std::string header_;
  std::vector<Event> events_;               // long
  std::vector<std::optional<double>> row_;  // wide: of the time that was set last
  bool has_row_ = false;
  std::uint64_t rows_ = 0;
  Timestamp time_ = Timestamp::min();  // what the texts below say
  std::int64_t second_ = -1;
  std::string time_text_, id_text_;
};

}  // namespace webmacs
