// How large the record is, how much room it has, and what it may not keep: what pages tell people before they delete.

#include "common/json_text.h"
#include "server/api/rest_routes.h"
#include "server/ingest/ingest.h"

#include <utility>

namespace webmacs {
namespace {

template <typename Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

double seconds(std::chrono::microseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void add_store_routes(RestRouter& router, const RestServices& services) {
  router.add(RestRouter::Verb::get, "/api/v1/store", Right::read, [&services](const RestCallPtr& call) {
    const Housekeeping& housekeeping = services.ingest.housekeeping();
    const StoreFill& fill = housekeeping.counters().fill;
    const RetentionRules& rules = housekeeping.rules();
    Json body;
    body["bytes"] = fill.room.bytes;
    body["bytes_left"] = or_null(fill.room.left);
    body["bytes_on_disk"] = or_null(fill.room.on_disk);
    body["days_until_full"] = or_null(fill.days_until_full);
    body["retention"] = seconds(rules.age);
    body["grace"] = seconds(rules.grace);
    body["max_size"] = rules.max_bytes;
    call->answer(json_response(json_text(body)));
  });
}

}  // namespace webmacs
