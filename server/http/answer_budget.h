#pragma once
// How many bytes of answers may wait in memory until somebody reads them, for each account (a token, or an address that
// shows none). Network thread only.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace webmacs {

class AnswerBudget {
 public:
  // `most` is read anew each time, and outlives the budget.
  explicit AnswerBudget(const std::size_t& most) : most_(most) {}

  // Counts an answer of so many bytes until what is returned is destroyed, which may be after the budget. Null when the
  // account's answers would come to more than it may have; one answer alone is always taken.
  std::shared_ptr<const void> try_take(const std::string& account, std::size_t bytes);

  // Of all accounts together.
  std::size_t waiting() const { return *total_; }
  // How many answers were not taken.
  std::uint64_t refused() const { return refused_; }

 private:
  using Accounts = std::map<std::string, std::size_t>;
  const std::size_t& most_;
  std::uint64_t refused_ = 0;
  const std::shared_ptr<Accounts> accounts_ = std::make_shared<Accounts>();
  const std::shared_ptr<std::size_t> total_ = std::make_shared<std::size_t>(0);
};

}  // namespace webmacs
