#pragma once
// Lets the store remember the controllers: when each was last heard of, and what its agent last said of itself.
// Network thread only.

#include "common/timestamp.h"
#include "server/catalog/controller_registry.h"
#include "server/ingest/ingest.h"

namespace webmacs {

class ControllerSaver {
 public:
  // All of it outlives the saver. What was heard of before `loaded` is in the store already.
  ControllerSaver(const ControllerRegistry& controllers, Ingest& ingest, Timestamp loaded)
      : controllers_(controllers), ingest_(ingest), saved_(loaded) {}

  // Saves when the last time is some seconds ago, or lies in the future: a clock that was set back must not stop it.
  void save_when_due(Timestamp now);
  // Saves now those that were heard of since the last time; what the store does not take, it is given the next time.
  void save(Timestamp now);

 private:
  const ControllerRegistry& controllers_;
  Ingest& ingest_;
  Timestamp saved_;
};

}  // namespace webmacs
