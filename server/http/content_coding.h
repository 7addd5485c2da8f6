#pragma once
// Which answers are compressed, and for whom (RFC 9110, section 12.5.3).

#include "server/http/http_message.h"

#include <string_view>

namespace webmacs {

// How a client wants to get a body.
struct ContentCoding {
  bool gzip = false;      // it takes that, and likes it no less than the plain one
  bool plain_too = true;  // a body that gains nothing may come as it is
};

// Returns what a client with this Accept-Encoding takes. A weight that is none counts as 0. Who refuses both gets the
// plain body, as the RFC allows.
ContentCoding preferred_coding(std::string_view accept_encoding);
ContentCoding coding_for(const HttpRequest& request);

// Returns whether the answer's body is to be compressed: not a short one, unless the client takes nothing else; none
// that is compressed already; none that is made while it is sent, which its source may compress.
bool is_to_be_coded(const HttpResponse& response, ContentCoding coding);

// Compresses the body of such an answer, and says so in its headers. Any thread.
void encode_body(HttpResponse& response, ContentCoding coding);

}  // namespace webmacs
