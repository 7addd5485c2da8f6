// The file in which a simulator writes down what it answered.
#include "hardware/simulator/journal.h"

#include "common/timestamp.h"
#include "unit/temporary_folder.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <system_error>

using namespace webmacs;

namespace {

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("each value is a line, in the file when the call returns, after those of an earlier run") {
  TemporaryFolder folder;
  const std::string path = folder.file("journal");
  const std::string bed = "evt_bed", air = "evt_air";
  Journal journal(path);
  journal.write(from_microseconds(1'600'000'000'000'001), {{&bed, 20.5}, {&air, -3}});
  CHECK(text_of(path) == "1600000000000001 evt_bed 20.5\n1600000000000001 evt_air -3\n");
  Journal(path).write(from_microseconds(2), {{&bed, 0.1}});
  CHECK(text_of(path).ends_with("evt_air -3\n2 evt_bed 0.1\n"));
}

TEST_CASE("a journal that cannot be written says so") {
  TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(Journal(folder.file("no/such/folder")), doctest::Contains("no/such/folder"), std::system_error);
  const std::string bed = "evt_bed";
  Journal full("/dev/full");
  full.write({}, {});
  CHECK_THROWS_WITH_AS(full.write(from_microseconds(1), {{&bed, 1}}), doctest::Contains("/dev/full"),
                       std::system_error);
}
