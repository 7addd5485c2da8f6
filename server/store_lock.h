#pragma once
// One hub per store (configuration contract): whoever runs a hub holds this lock for as long as it runs. A hub that was
// killed, or whose machine lost power, holds it no longer: the system, or the server's keepalives, give it back.

#include "server/settings.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace webmacs {

class StoreLock {
 public:
  virtual ~StoreLock() = default;
  // Takes the lock again where its connection has ended. Answers who has it where another hub was faster; empty: this
  // one has it, or the database is away. Blocks for some seconds at most; one thread at a time.
  virtual std::string look() = 0;
};

// Waits for the lock for about `patience`. Throws StoreError, which says who has it and since when.
std::unique_ptr<StoreLock> lock_store(const StartOnly& settings, std::chrono::milliseconds patience);

}  // namespace webmacs
