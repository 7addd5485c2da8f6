#pragma once
// An export of stored datapoints as CSV, read in short pieces in the order of (time, event), so that nothing is held
// open in the store between two of them: it delays no writer, no checkpoint and no retention, however long it takes.
//
// What is in it: its interval and its events are fixed when it is planned; that of an experiment that still runs ends
// then. Everything that was stored then is in it, each datapoint once. What is stored while it runs is in it when it
// lies behind the place that was reached, and not when it lies before it.

#include "server/export/csv_writer.h"
#include "server/store/point_merge.h"
#include "server/store/store.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace webmacs {

struct ExportRequest {
  std::string experiment;  // its public id; empty: [from, to), whatever the experiment
  Timestamp from, to;
  std::vector<std::string> events;  // only these public ids; empty: all
  CsvShape shape = CsvShape::long_form;
};

// The experiment or the event that was asked for is not there: what() says which.
class NothingToExport : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ExportPlan {
  std::string name;  // the experiment's; empty of a range
  Timestamp from, to;
  // By public id, as they are to be called: as they were kept with the experiment, those that came later as they are
  // now. Wide: those that were asked for; when all were, those that the experiment has kept, and whichever have a
  // datapoint in the interval.
  std::vector<EventRecord> events;
  CsvShape shape = CsvShape::long_form;
};

// Throws NothingToExport, StoreError.
ExportPlan plan_export(Store& store, const ExportRequest& request, Timestamp now);

class CsvExport {
 public:
  // `store` outlives it; one thread at a time.
  // `try_again`: asked after a read has failed; empty: the export is over then.
  CsvExport(Store& store, const ExportPlan& plan, PointMerge::TryAgain try_again = {});

  // Adds what comes next to `out`, until that has `bytes` or a row more; false at the end. Throws StoreError: the
  // export is over, what was read until then is part of it.
  bool read(std::string& out, std::size_t bytes);
  std::uint64_t rows() const { return writer_.rows(); }
  // The time of the last datapoint that was read; before the first the interval's begin.
  Timestamp reached() const { return reached_; }

 private:
  PointMerge merge_;
  CsvWriter writer_;
  Timestamp reached_;
  bool begun_ = false;
};

}  // namespace webmacs
