#pragma once
// The two sides of a benchmark, each one process. Both print their figures as one JSON object on standard output.
// The token is taken from the environment variable WEBMACS_TOKEN.

#include "common/websocket/client.h"
#include "figures.h"

#include <cstddef>
#include <string>

namespace webmacs {

ClientOptions load_options(const std::string& url);  // throws std::runtime_error when it is none

// Pushes numbered batches of `size` readings of 100 events for `seconds`, as many in the air as the hub's credit
// allows, and waits for every answer. `backlog` marks them as readings that had to wait, which
// may use half of the credit.
void push(const std::string& url, std::size_t size, double seconds, bool backlog);

// Subscribes until SIGTERM; counts datapoints and measures how old each frame's first one is when it arrives.
void watch(const std::string& url);

}  // namespace webmacs
