#pragma once
// A page of a list (contract, "Lists"): which of the items are on it, and the answer made of them. Only these are
// encoded, however long the list is.

#include "common/json_text.h"
#include "server/http/http_message.h"

#include <cstddef>

namespace webmacs {

class ListPage {
 public:
  // Throws RestProblem 422 for a wrong page or page_size.
  ListPage(const HttpRequest& request, std::size_t total);

  // The items [begin, end) of the list are on the page; nothing where it lies beyond the last.
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return end_; }
  // The next of them.
  void add(Json item);
  // {"page","page_size","total","data"}, once all have been added.
  HttpResponse answer() &&;

 private:
  std::size_t begin_;
  std::size_t end_;
  Json body_;
};

}  // namespace webmacs
