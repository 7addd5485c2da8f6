webmacs_unit_tests(hardware
  merged_reads_test.cpp
  modbus_deadline_test.cpp
  modbus_device_test.cpp
  modbus_frame_test.cpp
  modbus_line_test.cpp
  read_holes_test.cpp
  read_plan_test.cpp
  register_codec_test.cpp
  rig_settings_test.cpp
  rtu_channel_test.cpp
  serial_simulator_test.cpp
  scripted_peer.cpp
  simulated_unit_test.cpp
  simulator_test.cpp
  tcp_connect_test.cpp)
target_link_libraries(unit_hardware PRIVATE webmacs_simulator webmacs_hardware Boost::boost)
