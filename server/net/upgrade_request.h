#pragma once
// Whether a request asks for a WebSocket as RFC 6455, section 4.2.1, demands. Pure.

#include "server/net/http_message.h"

#include <optional>

namespace webmacs {

// The answer when it does not: 426 or 400. What passes is accepted by the engine, too, up to its own
// bound of a head (16000 bytes).
std::optional<HttpResponse> refuse_upgrade(const HttpRequest& request);

}  // namespace webmacs
