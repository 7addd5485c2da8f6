#pragma once
// What the store's tests share: short words for readings.

#include "common/timestamp.h"
#include "server/store/store.h"
#include "unit/temporary_folder.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace webmacs::testing {

// 2025-01-15T14:32:10Z and this many microseconds.
inline Timestamp at(std::int64_t microseconds) {
  return from_microseconds(1736951530000000 + microseconds);
}

inline IncomingReading good(const std::string& event, Timestamp time, double value) {
  return {Reading{event, time, value, {}}, false};
}
inline IncomingReading bad(const std::string& event, Timestamp time, const std::string& reason) {
  return {Reading{event, time, std::nullopt, reason}, false};
}
// A reading whose sender gave no time.
inline IncomingReading received(const std::string& event, Timestamp time, double value) {
  return {Reading{event, time, value, {}}, true};
}

inline std::vector<AppendResult> append(Store& store, const std::string& controller,
                                        std::vector<IncomingReading> readings) {
  const IncomingBatch batch{controller, std::move(readings)};
  return store.append(std::array{&batch}).at(0);
}

inline std::vector<Outcome> outcomes(const std::vector<AppendResult>& results) {
  std::vector<Outcome> all;
  for (const AppendResult& result : results) all.push_back(result.outcome);
  return all;
}

inline std::vector<StoredPoint> everything(Store& store, const std::string& event) {
  return store.range(event, from_microseconds(0), from_microseconds(7258118400000000), 100000000);
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline TokenRecord token(const std::string& name, const std::string& hash, const std::string& role = "viewer") {
  TokenRecord record;
  record.name = name;
  record.hash = hash;
  record.role = role;
  record.created = at(0);
  return record;
}

}  // namespace webmacs::testing
