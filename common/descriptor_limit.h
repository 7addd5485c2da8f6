#pragma once
// How many files and sockets the process may have open.

#include <cstddef>

namespace webmacs {

// Raises the limit of open files as far as the system lets us; returns the limit in force.
std::size_t raise_descriptor_limit();

}  // namespace webmacs
