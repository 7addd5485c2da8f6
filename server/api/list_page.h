#pragma once
// A page of a list (contract, "Lists"): which of the items are on it, and the answer made of them. Only these are
// encoded, however long the list is.

#include "server/http/http_message.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace webmacs {

class ListPage {
 public:
  // Throws RestProblem 422 for a wrong page or page_size.
  ListPage(const HttpRequest& request, std::size_t total);

  // The items [begin, end) of the list are on the page; nothing where it lies beyond the last.
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return end_; }
  // The next of them as JSON.
  void add(std::string_view item);
  // {"page","page_size","total","data"}, once all have been added.
  HttpResponse answer() &&;

 private:
  std::size_t begin_;
  std::size_t end_;
  std::string body_;
  bool empty_ = true;
};

}  // namespace webmacs
