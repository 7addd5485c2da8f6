#pragma once
// What the hub remembers of controllers in SQL, the same in both databases. Used by SqlStore, within a transaction
// where something is written.

#include "server/store/records.h"
#include "server/store/sql/sql_session.h"

#include <vector>

namespace webmacs {

class SqlControllers {
 public:
  explicit SqlControllers(SqlSession& session) : session_(session) {}

  // By name, the devices of each in the order in which its agent named them.
  std::vector<ControllerRecord> all();
  // Upserts it; devices that its agent no longer names go.
  void save(const ControllerRecord& controller);

 private:
  void save_devices(const ControllerRecord& controller);

  SqlSession& session_;
};

}  // namespace webmacs
