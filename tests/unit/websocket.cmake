webmacs_unit_tests(websocket
  websocket_client_test.cpp
  websocket_close_test.cpp
  websocket_connection_test.cpp
  websocket_engine_test.cpp
  websocket_heartbeat_test.cpp
  websocket_pause_test.cpp
  websocket_queue_test.cpp
  websocket_tls_test.cpp
  websocket_url_test.cpp)
target_link_libraries(unit_websocket PRIVATE webmacs_websocket webmacs_common)

# Debian's python3-websockets, which shares no code with ours, drives the Connection.
add_executable(websocket_echo_server websocket_echo_server.cpp)
target_link_libraries(websocket_echo_server PRIVATE webmacs_options webmacs_websocket webmacs_common)
add_test(NAME "unit/websocket: python3-websockets as client"
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/websocket_conformance.py $<TARGET_FILE:websocket_echo_server>)
set_tests_properties("unit/websocket: python3-websockets as client" PROPERTIES TIMEOUT 60 LABELS unit)
