webmacs_unit_tests(agent
  agent_settings_test.cpp
  agent_test.cpp
  buffer_file_test.cpp
  buffer_power_cut_test.cpp
  buffer_recovery_test.cpp
  outbox_backlog_test.cpp
  outbox_crash_test.cpp
  outbox_stop_test.cpp
  outbox_test.cpp
  outbox_trouble_test.cpp
  poller_test.cpp
  report_filter_test.cpp
  uplink_answers_test.cpp
  uplink_connection_test.cpp
  uplink_sending_test.cpp
  write_log.cpp)
target_link_libraries(unit_agent PRIVATE webmacs_agent_core webmacs_hardware webmacs_websocket webmacs_common SQLite::SQLite3)
target_precompile_headers(unit_agent PRIVATE <utility> <boost/asio.hpp> <doctest/doctest.h>)
