webmacs_unit_tests(hardware
  decimal_golden_test.cpp
  merged_reads_test.cpp
  modbus_deadline_test.cpp
  modbus_device_test.cpp
  modbus_frame_test.cpp
  modbus_line_test.cpp
  read_holes_test.cpp
  quirks_test.cpp
  read_plan_test.cpp
  register_codec_test.cpp
  rig_settings_test.cpp
  rtu_channel_test.cpp
  serial_simulator_test.cpp
  scaling_test.cpp
  scripted_peer.cpp
  simulated_unit_test.cpp
  simulator_test.cpp
  tcp_connect_test.cpp)
target_link_libraries(unit_hardware PRIVATE webmacs_simulator webmacs_hardware Boost::boost)

set(golden_decimals ${CMAKE_CURRENT_SOURCE_DIR}/decimal_golden.txt)
target_compile_definitions(unit_hardware PRIVATE WEBMACS_GOLDEN_DECIMALS="${golden_decimals}")
add_test(NAME "unit/hardware: the golden decimals are what Python's decimal module says"
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/decimal_golden.py --check ${golden_decimals})
set_tests_properties("unit/hardware: the golden decimals are what Python's decimal module says" PROPERTIES
  TIMEOUT ${longest_unit_test} LABELS unit)
