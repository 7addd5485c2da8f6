// The power fails between any two writes to the disk: the buffer opens, and what was confirmed is there.

#include "agent/buffer_file.h"
#include "unit/agent/agent_test_tools.h"
#include "unit/random_seed.h"
#include "write_log.h"

#include <doctest/doctest.h>

#include <set>

using namespace webmacs;
using namespace webmacs::agent_tests;

namespace {

constexpr std::int64_t max_size = 1024 * 1024;  // a WAL of 256 KiB: it is carried over again and again

// What had to be there when the log had so many steps.
struct Confirmed {
  std::size_t steps;
  std::set<std::int64_t> seqs;
};

struct Recording {
  std::string path;
  std::vector<FileStep> steps;
  std::vector<Confirmed> confirmed;
};

BufferSettings at(const std::string& path) {
  BufferSettings settings;
  settings.path = path;
  settings.max_size = max_size;
  return settings;
}

// Readings come in small writes and large ones, and are forgotten as a hub acknowledges them.
Recording record(const std::string& path) {
  Recording recording{path, {}, {}};
  WriteLog log;
  {
    BufferFile file(at(path));
    std::set<std::int64_t> there;
    std::int64_t next = 1;
    for (int visit_number = 0; visit_number < 60; ++visit_number) {
      BufferVisit visit;
      const std::int64_t count = visit_number % 10 == 9 ? 600 : 5;
      for (std::int64_t i = 0; i < count; ++i, ++next) {
        visit.keep.push_back({next, false, numbered(next, "evt_" + std::to_string(next % 3)), {}});
      }
      if (visit_number % 4 == 3) {
        visit.forget = {{*there.begin(), *there.begin() + 9}};
        there.erase(there.begin(), there.upper_bound(visit.forget[0].last));
        // From here on they may be gone, and need not be.
        recording.confirmed.push_back({log.steps().size(), there});
      }
      REQUIRE(file.visit(visit).kept_all);
      for (const BufferedReading& kept : visit.keep) there.insert(kept.seq);
      recording.confirmed.push_back({log.steps().size(), there});
    }
    recording.confirmed.push_back({log.steps().size(), there});
  }
  recording.steps = log.steps();
  return recording;
}

void check_cut(const Recording& recording, std::size_t count, Unsynced unsynced, std::mt19937& random) {
  TemporaryFolder folder;
  for (const auto& [path, bytes] : files_after(recording.steps, count, unsynced, random)) {
    write_file(folder.file(std::filesystem::path(path).filename().string()), bytes);
  }
  BufferFile file(at(folder.file("b.db")));
  BufferVisit visit;
  visit.page_size = 1'000'000;
  visit.read_through = INT64_MAX;
  const BufferVisitResult result = file.visit(visit);
  CHECK(result.state.usable);
  CHECK_FALSE(result.set_aside);
  std::set<std::int64_t> found;
  for (const BufferedReading& buffered : result.page) {
    found.insert(buffered.seq);
    CHECK(buffered.reading == numbered(buffered.seq, "evt_" + std::to_string(buffered.seq % 3)));
  }
  const std::set<std::int64_t>* expected = nullptr;
  for (const Confirmed& confirmed : recording.confirmed) {
    if (confirmed.steps <= count) expected = &confirmed.seqs;
  }
  if (expected == nullptr) return;
  std::int64_t missing = 0;
  for (const std::int64_t seq : *expected) missing += found.count(seq) == 0 ? 1 : 0;
  CHECK(missing == 0);
}

}  // namespace

TEST_CASE("the power fails after each write: the buffer opens, and every confirmed reading is there") {
  TemporaryFolder folder;
  const Recording recording = record(folder.file("b.db"));
  REQUIRE(recording.steps.size() > 300);
  std::mt19937 random(testing::random_seed(42));
  for (std::size_t count = 0; count <= recording.steps.size(); ++count) {
    INFO("after " << count << " of " << recording.steps.size() << " steps");
    check_cut(recording, count, Unsynced::lost, random);
    check_cut(recording, count, Unsynced::written, random);
    check_cut(recording, count, Unsynced::some, random);
  }
  MESSAGE(recording.steps.size() << " steps, each cut three ways");
}
