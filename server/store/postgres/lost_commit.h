#pragma once
// A commit whose answer was lost with the connection: it may have happened. What it held is remembered until the
// database tells; if it was committed, readings of it that come again count as stored then, each once, so that they are
// shown, and a reading without a time of its own is not stored twice.

#include "server/store/store.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace webmacs {

class LostCommit {
 public:
  struct Stored {
    AppendResult result;
    std::optional<double> value;
  };

  // `transaction` was being committed with these results when the connection ended.
  void remember(std::string transaction, std::span<const IncomingBatch* const> batches,
                const std::vector<std::vector<AppendResult>>& results);
  // Which transaction's fate is not known; empty when there is none.
  const std::string& transaction() const { return transaction_; }
  // A row that is in the table if, and only if, the transaction was committed; empty when it stored none.
  std::optional<AppendResult> witness() const;
  void settle(bool committed);

  // The result that the committed transaction has for this reading; nothing when it does not know it.
  std::optional<AppendResult> claim(const IncomingReading& reading);

 private:
  using Name = std::pair<std::string, Timestamp>;  // the event, and the time that the sender or the receipt gave it
  std::string transaction_;
  std::multimap<Name, Stored> stored_;
  std::chrono::steady_clock::time_point settled_;
};

}  // namespace webmacs
