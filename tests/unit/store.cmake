webmacs_unit_tests(store
  access_test.cpp
  datapoint_id_test.cpp
  ingest_test.cpp
  sqlite_durability_test.cpp
  sqlite_store_test.cpp)
target_link_libraries(unit_store PRIVATE webmacs_store)
