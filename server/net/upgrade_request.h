#pragma once
// Whether a request asks for a WebSocket as RFC 6455, section 4.2.1, demands. Pure.

#include "server/http/http_message.h"

#include <optional>

namespace webmacs {

// The answer when it does not: 426 or 400. The engine, which reads the head once more, may refuse what passes here (a
// folded line, more than 16000 bytes); it then answers 400 itself.
std::optional<HttpResponse> refuse_upgrade(const HttpRequest& request);

}  // namespace webmacs
