#pragma once
// What a simulator answered, for tests that compare it with what arrived elsewhere: one line per event value,
// "<utc microseconds> <event_public_id> <value>".

#include "common/reading.h"
#include "hardware/simulator/simulated_unit.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

class Journal {
 public:
  // Appends to the file; throws std::system_error when it cannot be opened.
  explicit Journal(const std::string& path);
  // The lines are in the file when the call returns; a write that fails throws std::system_error.
  void write(Timestamp time, const std::vector<SimulatedUnit::Served>& served);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::string lines_;
};

}  // namespace webmacs
