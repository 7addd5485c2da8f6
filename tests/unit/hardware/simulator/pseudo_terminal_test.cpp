// A serial line without hardware, and the name that leads there.
#include "hardware/simulator/pseudo_terminal.h"

#include "unit/temporary_folder.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <unistd.h>

using namespace webmacs;
namespace fs = std::filesystem;

TEST_CASE("what a client writes arrives at the controlling side, also after another client has left") {
  PseudoTerminal line;
  const int controller = line.release();
  REQUIRE(controller >= 0);
  for (const char* word : {"a", "b"}) {
    const int client = ::open(line.path().c_str(), O_RDWR | O_NOCTTY);
    REQUIRE(client >= 0);
    REQUIRE(::write(client, word, 1) == 1);
    char byte = 0;
    REQUIRE(::read(controller, &byte, 1) == 1);
    CHECK(byte == *word);
    ::close(client);
  }
  ::close(controller);
}

TEST_CASE("a link leads to the line, replaces a dangling one, and goes with the line") {
  TemporaryFolder folder;
  const std::string link = folder.file("ttyRig");
  fs::create_symlink(folder.file("gone"), link);
  {
    PseudoTerminal line;
    line.link_as(link);
    CHECK(fs::read_symlink(link) == line.path());
  }
  CHECK_FALSE(fs::is_symlink(fs::symlink_status(link)));
}

TEST_CASE("what else has the name is left alone") {
  TemporaryFolder folder;
  const std::string file = folder.file("precious");
  std::ofstream(file) << "text";
  const std::string living = folder.file("living");
  fs::create_symlink(file, living);
  {
    PseudoTerminal line;
    CHECK_THROWS_WITH_AS(line.link_as(file), doctest::Contains("precious"), std::system_error);
    CHECK_THROWS_AS(line.link_as(living), std::system_error);
  }
  CHECK(fs::file_size(file) == 4);
  CHECK(fs::read_symlink(living) == file);
}
