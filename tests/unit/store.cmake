webmacs_unit_tests(store
  access_test.cpp
  csv_writer_test.cpp
  datapoint_id_test.cpp
  ingest_test.cpp
  lost_commit_test.cpp
  postgres_months_test.cpp
  sqlite_durability_test.cpp
  sqlite_store_test.cpp)
target_link_libraries(unit_store PRIVATE webmacs_server_core)

# One server for the whole suite: it takes seconds to make.
add_executable(unit_postgres postgres_server.cpp postgres_store_test.cpp)
target_link_libraries(unit_postgres PRIVATE unit_main webmacs_server_core webmacs_options doctest::doctest)
target_compile_options(unit_postgres PRIVATE $<$<CONFIG:RelWithDebInfo>:-O0>)
target_precompile_headers(unit_postgres REUSE_FROM unit_store)
add_test(NAME "unit/store: PostgreSQL" COMMAND unit_postgres)
set_tests_properties("unit/store: PostgreSQL" PROPERTIES TIMEOUT 300 LABELS unit)
