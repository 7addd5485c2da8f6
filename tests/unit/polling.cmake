# What the agent and the simulator make of each other, register to reading.
webmacs_unit_tests(polling
  poller_clock_test.cpp
  scan_test.cpp)
target_link_libraries(unit_polling PRIVATE webmacs_agent_core webmacs_simulator webmacs_hardware Boost::boost)
target_precompile_headers(unit_polling PRIVATE <utility> <boost/asio.hpp> <doctest/doctest.h>)
