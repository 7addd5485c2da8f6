#include "common/secret_file.h"

#include "common/sqlite.h"
#include "unit/temporary_folder.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <unistd.h>

using namespace webmacs;

namespace {

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

std::string made(const TemporaryFolder& folder, const std::string& name, mode_t mode) {
  const std::string path = folder.file(name);
  std::ofstream(path) << "secret";
  chmod(path.c_str(), mode);
  return path;
}

}  // namespace

TEST_CASE("a secret that everybody can read is named with what to do") {
  const TemporaryFolder folder;
  const auto open = made(folder, "open.token", 0644);
  CHECK(readable_by_all("token file", open) ==
        "token file " + open + ": everybody on this machine can read it (mode 0644): chmod o-rwx " + open);
  CHECK(readable_by_all("token file", made(folder, "group.token", 0640)).empty());
  CHECK(readable_by_all("token file", made(folder, "searched.token", 0641)).empty());
  CHECK(readable_by_all("token file", folder.file("nothing")).empty());
}

TEST_CASE("a file is made private, and taken from others when it is there") {
  const TemporaryFolder folder;
  const mode_t before = umask(0);
  const std::string path = folder.file("new/deep/rig.db");
  make_folder_of(path);
  CHECK_FALSE(make_private(path));
  CHECK(mode_of(path) == 0640);
  CHECK_FALSE(make_private(path));
  const auto open = made(folder, "open.db", 0666);
  CHECK(make_private(open));
  CHECK(mode_of(open) == 0660);
  // What a link names is not touched through it.
  const auto target = made(folder, "target", 0644);
  REQUIRE(symlink(target.c_str(), folder.file("link").c_str()) == 0);
  CHECK_FALSE(make_private(folder.file("link")));
  CHECK(mode_of(target) == 0644);
  umask(before);
}

TEST_CASE("a database and what lies beside it are private") {
  const TemporaryFolder folder;
  const mode_t before = umask(0);
  Database database(folder.file("x.db"));
  database.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
  for (const char* const name : {"x.db", "x.db-wal", "x.db-shm"})
    CHECK_MESSAGE(mode_of(folder.file(name)) == 0640, name);
  umask(before);
}

TEST_CASE("root gives what it makes to the owner of the folder") {
  if (geteuid() != 0) return;
  const TemporaryFolder folder;
  constexpr uid_t somebody = 12345;
  REQUIRE(chown(folder.file("").c_str(), somebody, somebody) == 0);
  const std::string path = folder.file("agent/rig.db");
  make_folder_of(path);
  Database database(path);
  database.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
  for (const char* const name : {"agent", "agent/rig.db", "agent/rig.db-wal", "agent/rig.db-shm"}) {
    struct stat status {};
    REQUIRE(stat(folder.file(name).c_str(), &status) == 0);
    CHECK_MESSAGE(status.st_uid == somebody, name);
  }
}
