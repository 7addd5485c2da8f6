#include "server/secret_warnings.h"

#include "unit/temporary_folder.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

using namespace webmacs;

namespace {

std::string made(const TemporaryFolder& folder, const std::string& name, mode_t mode) {
  const std::string path = folder.file(name);
  std::ofstream(path) << "secret";
  chmod(path.c_str(), mode);
  return path;
}

}  // namespace

TEST_CASE("secrets that everybody can read are named, each once") {
  const TemporaryFolder folder;
  ServerSettings settings;
  settings.file = made(folder, "server.ini", 0644);
  CHECK(secret_warnings(settings).empty());
  settings.live.private_key_file = made(folder, "hub.key", 0644);
  settings.start.store_password_file = made(folder, "password", 0604);
  const auto warnings = secret_warnings(settings);
  REQUIRE(warnings.size() == 2);
  CHECK(warnings[0].find("private key file " + settings.live.private_key_file) == 0);
  CHECK(warnings[1].find("(mode 0604)") != std::string::npos);
  chmod(settings.live.private_key_file.c_str(), 0600);
  chmod(settings.start.store_password_file.c_str(), 0640);
  CHECK(secret_warnings(settings).empty());
}

TEST_CASE("a server file is a secret when its store's url holds a password") {
  const TemporaryFolder folder;
  ServerSettings settings;
  settings.file = made(folder, "server.ini", 0644);
  for (const std::string open : {"postgresql://webmacs:secret@db/webmacs", "postgresql://db/webmacs?password=secret",
                                 "postgresql://webmacs:secret@db/webmacs?sslmode=require"}) {
    settings.start.store_url = open;
    CHECK_MESSAGE(secret_warnings(settings).size() == 1, open);
  }
  for (const std::string closed : {"postgresql://webmacs@db/webmacs", "postgresql:///webmacs?host=/run/postgresql",
                                   "sqlite:///var/lib/webmacs/server/webmacs.db", "postgresql://db:5432/webmacs"}) {
    settings.start.store_url = closed;
    CHECK_MESSAGE(secret_warnings(settings).empty(), closed);
  }
}
