#pragma once
// The OpenAPI 3.1 description of the REST API: openapi.json beside this file, built into the program.

#include <string>

namespace webmacs {

std::string openapi_document();

}  // namespace webmacs
