webmacs_unit_tests(common
  backoff_test.cpp
  controller_frame_test.cpp
  description_frames_test.cpp
  hub_message_test.cpp
  ini_test.cpp
  ini_values_test.cpp
  log_test.cpp
  messages_test.cpp
  service_test.cpp
  sqlite_test.cpp
  timestamp_test.cpp
  utf8_test.cpp
  worker_test.cpp)
target_link_libraries(unit_common PRIVATE webmacs_common nlohmann_json::nlohmann_json)
