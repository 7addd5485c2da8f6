#pragma once
// Under which name a browser saves an answer (RFC 6266, RFC 8187). Pure.

#include <string>
#include <string_view>

namespace webmacs {

// "attachment" with `name` and `extension` (".csv") as UTF-8, and in ASCII for the oldest clients. What no file system
// takes or what misleads (slashes, control and direction characters, a dot in front) becomes "_"; a long name is cut at
// a character's end. `name` that has nothing else: `fallback`.
std::string content_disposition(std::string_view name, std::string_view extension, std::string_view fallback);

}  // namespace webmacs
