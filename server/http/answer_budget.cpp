#include "server/http/answer_budget.h"

namespace webmacs {

std::shared_ptr<const void> AnswerBudget::try_take(const std::string& account, std::size_t bytes) {
  std::size_t& used = (*accounts_)[account];
  if (used > 0 && used + bytes > most_) {
    ++refused_;
    return nullptr;
  }
  used += bytes;
  *total_ += bytes;
  const auto give_back = [accounts = accounts_, total = total_, account, bytes](const void*) {
    *total -= bytes;
    const auto found = accounts->find(account);
    found->second -= bytes;
    if (found->second == 0) accounts->erase(found);
  };
  return {static_cast<const void*>(this), give_back};
}

}  // namespace webmacs
