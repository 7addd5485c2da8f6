#include "server/store/sql/kept_intervals.h"

#include "server/open_store.h"
#include "server/store/sqlite/sqlite_session.h"
#include "unit/server/store/store_support.h"

#include <doctest/doctest.h>

#include <limits>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

constexpr std::int64_t far_away = std::numeric_limits<std::int64_t>::max();

ExperimentRecord experiment(const std::string& id, std::int64_t from, std::optional<std::int64_t> to,
                            std::optional<std::vector<std::string>> controllers = {}) {
  ExperimentRecord record;
  record.public_id = record.name = id;
  record.controllers = std::move(controllers);
  record.started_on = from_microseconds(from);
  if (to) record.stopped_on = from_microseconds(*to);
  return record;
}

// As experiments stand in a file.
class Kept {
 public:
  explicit Kept(const std::vector<ExperimentRecord>& experiments) {
    auto store = open_store("sqlite://" + folder_.file("hub.db"));
    for (const auto& experiment : experiments) store->add_experiment(experiment);
  }
  KeptIntervals read() {
    Database database(folder_.file("hub.db"));
    SqliteSession session(database);
    return KeptIntervals(session);
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("an experiment holds the datapoints of its controllers from its begin until before its end") {
  const auto kept =
      Kept({experiment("one", 100, 200, std::vector<std::string>{"rig1", "rig2"}), experiment("all", 300, 400)}).read();
  CHECK_FALSE(kept.end_at("rig1", 99));
  CHECK(kept.end_at("rig1", 100) == 200);
  CHECK(kept.end_at("rig2", 199) == 200);
  CHECK_FALSE(kept.end_at("rig1", 200));
  CHECK_FALSE(kept.end_at("rig3", 150));
  CHECK(kept.end_at("rig3", 350) == 400);
}

TEST_CASE("one that runs holds all that comes") {
  const auto kept = Kept({experiment("runs", 100, std::nullopt, std::vector<std::string>{"rig1"})}).read();
  CHECK(kept.end_at("rig1", 1'000'000) == far_away);
  CHECK_FALSE(kept.end_at("rig2", 1'000'000));
}

TEST_CASE("the next experiment of a controller is its own or one over all, whichever comes first") {
  const auto kept = Kept({experiment("own", 300, 400, std::vector<std::string>{"rig1"}), experiment("all", 500, 600),
                          experiment("theirs", 100, 200, std::vector<std::string>{"rig2"})})
                        .read();
  CHECK(kept.next_begin("rig1", 0) == 300);
  CHECK(kept.next_begin("rig1", 300) == 500);
  CHECK(kept.next_begin("rig3", 0) == 500);
  CHECK(kept.next_begin("rig1", 500) == far_away);
}

TEST_CASE("whether any experiment touches a stretch is asked without its controllers") {
  const auto kept = Kept({experiment("theirs", 100, 200, std::vector<std::string>{"rig2"})}).read();
  CHECK(kept.any_within(0, 101));
  CHECK(kept.any_within(199, 300));
  CHECK(kept.any_within(120, 130));
  CHECK_FALSE(kept.any_within(0, 100));
  CHECK_FALSE(kept.any_within(200, 300));
}
