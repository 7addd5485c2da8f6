#pragma once
// Which limit a program meets when it gets no more memory. Any thread.

#include <string>

namespace webmacs {

// Returns "the address space is limited to 300 MiB (ulimit -v, LimitAS=)", or that no limit is set.
std::string memory_limit();

// From now on an allocation that fails logs so, at most once a second, before it throws std::bad_alloc.
void report_failed_allocations();

}  // namespace webmacs
