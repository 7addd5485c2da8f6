#pragma once
// What the hub warns of while it works: `/health` shows it. One text for each cause; whoever watches a cause sets and
// clears it. Network thread only.

#include <map>
#include <string>

namespace webmacs {

class Warnings {
 public:
  // An empty text clears the cause.
  void set(const std::string& cause, std::string text) {
    if (text.empty()) {
      texts_.erase(cause);
    } else {
      texts_[cause] = std::move(text);
    }
  }
  // By cause.
  const std::map<std::string, std::string>& all() const { return texts_; }

 private:
  std::map<std::string, std::string> texts_;
};

}  // namespace webmacs
