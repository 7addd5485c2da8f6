#pragma once
// What must hold for every input; says which one did not, and stops as a sanitizer would.

#include <cstdio>
#include <cstdlib>

#define WEBMACS_PROPERTY(condition)                                                                \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      std::fprintf(stderr, "%s:%d: property does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                                \
    }                                                                                              \
  } while (false)
