#pragma once
// How a test waits: for a state, however long the machine takes to reach it.

#include <boost/asio/io_context.hpp>

#include <chrono>

namespace webmacs {

// Runs the loop until `holds()`; false when it does not within 20 s.
template <typename Condition>
bool run_until(boost::asio::io_context& io, const Condition& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace webmacs
