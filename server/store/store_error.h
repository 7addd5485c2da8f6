#pragma once
// How a store fails. Any thread.

#include <stdexcept>

namespace webmacs {

class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What was asked for is damaged: the same again fails again, and the rest is readable and writable all the same.
class StoreDamaged : public StoreError {
 public:
  using StoreError::StoreError;
};

// What was asked for cannot be: the store itself is well, and nothing was changed.
class StoreConflict : public StoreError {
 public:
  using StoreError::StoreError;
};

}  // namespace webmacs
