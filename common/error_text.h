#pragma once
// What the system calls an error.

#include <string>
#include <system_error>

namespace webmacs {

// Returns the words for an errno. Thread: any; strerror is not.
inline std::string error_text(int error) {
  return std::generic_category().message(error);
}

}  // namespace webmacs
