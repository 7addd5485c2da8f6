#pragma once
// How a client presents its token, and where it comes from (contract, "Authentication").

#include "server/http/http_message.h"

#include <string>
#include <vector>

namespace webmacs {

constexpr const char* webmacs_subprotocol = "webmacs.v1";

// From `?token=`, `Authorization: Bearer`, or the WebSocket subprotocol `bearer.<token>`; empty when there is none.
std::string presented_token(const HttpRequest& request);

// Whether the client offered the subprotocol `webmacs.v1`.
bool offers_webmacs_subprotocol(const HttpRequest& request);

// A browser's Origin must name the request's own host, or one that is allowed; programs send none.
bool origin_allowed(const HttpRequest& request, const std::vector<std::string>& allowed_origins);

}  // namespace webmacs
