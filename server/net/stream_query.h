#pragma once
// What a frontend asks for in the query of /ws/datapoints/stream: `events=`, `format=`, `since=` (contract, "Hub ->
// frontend"). Pure.

#include "server/http/http_message.h"
#include "server/stream/live_feed.h"

namespace webmacs {

// Never fails: what is not understood is as if it were not there; a `since` that is no cursor recovers nothing.
Subscription subscription_of(const HttpRequest& request);

}  // namespace webmacs
