// The part of SqlStore that tells how large the record is and was.

#include "common/timestamp.h"
#include "server/store/sql/sql_store.h"

#include <algorithm>

namespace webmacs {

StoreContent SqlStore::content() {
  StoreContent content;
  in_session([&](SqlSession& session, StoreEvents& known) {
    content = {};
    for (const EventRecord& event : known.all()) {
      session.query("SELECT count(*), min(time), max(time) FROM datapoints WHERE event = $1", {event.key},
                    [&content](const SqlRow& row) {
                      content.datapoints += row.integer(0);
                      if (row.integer(0) == 0) return;
                      const Timestamp oldest = from_microseconds(row.integer(1));
                      const Timestamp newest = from_microseconds(row.integer(2));
                      content.oldest = std::min(content.oldest.value_or(oldest), oldest);
                      content.newest = std::max(content.newest.value_or(newest), newest);
                    });
    }
  });
  return content;
}

std::vector<SizeSample> SqlStore::sizes() {
  std::vector<SizeSample> samples;
  in_session([&](SqlSession& session, StoreEvents&) {
    samples.clear();
    session.query("SELECT taken, bytes FROM store_sizes ORDER BY taken", {}, [&samples](const SqlRow& row) {
      samples.push_back({from_microseconds(row.integer(0)), row.integer(1)});
    });
  });
  return samples;
}

void SqlStore::add_size(const SizeSample& sample, Timestamp forget_before) {
  in_transaction([&](SqlSession& session, StoreEvents&) {
    // A clock that was set back: what was taken "later" is of no use.
    session.run("DELETE FROM store_sizes WHERE taken < $1 OR taken >= $2",
                {to_microseconds(forget_before), to_microseconds(sample.taken)});
    session.run("INSERT INTO store_sizes (taken, bytes) VALUES ($1, $2)",
                {to_microseconds(sample.taken), sample.bytes});
  });
}

}  // namespace webmacs
