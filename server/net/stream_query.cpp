#include "server/net/stream_query.h"

namespace webmacs {
namespace {

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (const auto item = text.substr(0, comma); !item.empty()) items.emplace_back(item);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return items;
}

}  // namespace

Subscription subscription_of(const HttpRequest& request) {
  Subscription subscription;
  subscription.filter = EventFilter(split_list(request.parameter("events")));
  if (request.parameter("format") == "batch") {
    subscription.format = StreamFormat::batch;
    subscription.since = parse_cursor(request.parameter("since"));
  }
  return subscription;
}

}  // namespace webmacs
