webmacs_unit_tests(server
  connection_manager_test.cpp
  connection_places_test.cpp
  content_disposition_test.cpp
  controller_registry_test.cpp
  credentials_test.cpp
  download_links_test.cpp
  failed_logins_test.cpp
  feed_messages_test.cpp
  history_test.cpp
  http_message_test.cpp
  latest_values_test.cpp
  listener_test.cpp
  live_feed_recovery_test.cpp
  live_feed_test.cpp
  server_settings_test.cpp)
target_link_libraries(unit_server PRIVATE webmacs_server_core nlohmann_json::nlohmann_json)
