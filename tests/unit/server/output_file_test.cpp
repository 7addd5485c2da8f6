#include "server/output_file.h"

#include "unit/temporary_folder.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

using namespace webmacs;
namespace fs = std::filesystem;

namespace {

bool never() {
  return false;
}
bool always() {
  return true;
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t files_in(const TemporaryFolder& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("a file is there when it is whole, and not before") {
  const TemporaryFolder folder;
  const std::string path = folder.file("out.csv");
  {
    OutputFile file(path);
    CHECK_FALSE(file.is_standard_output());
    file.write("one,", never);
    file.write("two", never);
    CHECK_FALSE(fs::exists(path));
    file.finish();
    CHECK(content(path) == "one,two");
  }
  CHECK(content(path) == "one,two");
  CHECK(files_in(folder) == 1);
}

TEST_CASE("a file that is not finished leaves the older one as it was, and nothing beside it") {
  const TemporaryFolder folder;
  const std::string path = folder.file("out.csv");
  std::ofstream(path) << "older";
  {
    OutputFile file(path);
    file.write("newer", never);
    CHECK(content(path) == "older");
  }
  CHECK(content(path) == "older");
  CHECK(files_in(folder) == 1);
}

TEST_CASE("a write that is stopped says what became of the file") {
  const TemporaryFolder folder;
  const std::string path = folder.file("out.csv");
  {
    OutputFile file(path);
    CHECK_THROWS_WITH_AS(file.write("row", always), doctest::Contains("out.csv is as it was"), std::runtime_error);
  }
  CHECK(files_in(folder) == 0);
}

TEST_CASE("a link stays one, and what it points at is replaced") {
  const TemporaryFolder folder;
  std::ofstream(folder.file("target")) << "older";
  fs::create_symlink("target", folder.file("link"));
  OutputFile file(folder.file("link"));
  file.write("newer", never);
  file.finish();
  CHECK(fs::is_symlink(folder.file("link")));
  CHECK(content(folder.file("target")) == "newer");
}

TEST_CASE("a file has the permissions of any other that its user makes") {
  const TemporaryFolder folder;
  const mode_t before = umask(027);
  OutputFile file(folder.file("out.csv"));
  file.finish();
  const mode_t kept = umask(before);
  CHECK(kept == 027);
  struct stat status {};
  REQUIRE(stat(folder.file("out.csv").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("what is no regular file, or lies in no folder, is refused by its name") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(OutputFile("/dev/null"), doctest::Contains("/dev/null cannot be written: it is not a regular"),
                       std::runtime_error);
  CHECK_THROWS_WITH_AS(OutputFile(folder.path()), doctest::Contains("it is not a regular file"), std::runtime_error);
  CHECK_THROWS_WITH_AS(OutputFile(folder.file("none/out.csv")),
                       doctest::Contains("none/out.csv cannot be written: No such file or directory"),
                       std::runtime_error);
  CHECK(files_in(folder) == 0);
}

TEST_CASE("no path is standard output") {
  OutputFile file("");
  CHECK(file.is_standard_output());
  file.finish();
}
