#include "server/api/list_page.h"

#include "server/api/rest_call.h"

#include <algorithm>
#include <utility>

namespace webmacs {
namespace {

constexpr std::size_t largest_page = 1'000'000'000;
constexpr std::size_t default_page_size = 25;
constexpr std::size_t largest_page_size = 100;

}  // namespace

ListPage::ListPage(const HttpRequest& request, std::size_t total) {
  const std::size_t page = number_parameter(request, "page", 1, largest_page);
  const std::size_t size = number_parameter(request, "page_size", default_page_size, largest_page_size);
  begin_ = std::min((page - 1) * size, total);
  end_ = std::min(begin_ + size, total);
  body_ = {{"page", page}, {"page_size", size}, {"total", total}, {"data", Json::array()}};
}

void ListPage::add(Json item) {
  body_["data"].push_back(std::move(item));
}

HttpResponse ListPage::answer() && {
  return json_response(json_text(body_));
}

}  // namespace webmacs
