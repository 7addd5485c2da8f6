#pragma once
// A PostgreSQL server of the test's own: Debian's programs, a folder that goes with it, a socket in that folder and no
// port. Run by root it runs as nobody, since PostgreSQL refuses root.

#include "unit/server/store/store_support.h"

#include <sys/types.h>

#include <string>
#include <vector>

namespace webmacs::testing {

class PostgresServer {
 public:
  // The one of this process, started when it is first asked for.
  static PostgresServer& shared();

  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // A new, empty database; answers its url.
  std::string create_database();
  std::string url(const std::string& database) const;

  void start();  // and waits until it answers
  void stop();   // as an administrator would: its connections are ended
  void kill();   // as a power cut would

 private:
  std::vector<std::string> as_its_user(std::vector<std::string> command) const;
  bool answers() const;

  TemporaryFolder folder_;
  pid_t process_ = 0;
  int databases_ = 0;
};

}  // namespace webmacs::testing
