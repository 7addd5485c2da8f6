#pragma once
// The rules of RFC 9112 that Beast leaves to its caller: transfer codings, Host, and the forms of a request's target.
// Pure functions, any thread.

#include "server/http/http_message.h"

#include <optional>
#include <string>
#include <string_view>

namespace webmacs {

// Returns the answer to a head that breaks a rule, or that asks for what no HTTP server here does (501). The connection
// is closed after it: where the next request begins is not known.
std::optional<HttpResponse> refuse_head(const boost::beast::http::request_header<>& header);

struct RequestTarget {
  std::string authority;            // of the absolute form ("GET http://hub/health"), which outranks Host; else empty
  std::string_view path_and_query;  // begins with "/" or "?", or is "*"; views the text that was split
};
// Returns the parts of a target in origin, absolute or asterisk form; empty when it has none of these forms.
std::optional<RequestTarget> split_target(std::string_view target);

}  // namespace webmacs
