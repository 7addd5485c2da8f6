# Programs of doctest cases. They see the tools that tests share as "unit/…/name.h".
include(doctest)
add_library(unit_main OBJECT unit/main.cpp)

set(longest_unit_test 120)  # seconds, on a machine that has other things to do
if(WEBMACS_SANITIZE)
  set(longest_unit_test 600)
endif()

# Test code runs once: the compiler's time is better spent on what it tests. Half of a clean build went here.
function(webmacs_test_flags target)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_options(${target} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O0>)
endfunction()

# What almost every test includes is compiled once for all of them: with doctest alone, and with Asio beside it. Whatever
# decides how a header is compiled (definitions, options) has to be the same for a program and what it reuses.
foreach(kind plain asio)
  add_library(unit_headers_${kind} OBJECT unit/headers.cpp)
  target_link_libraries(unit_headers_${kind} PRIVATE webmacs_common webmacs_options doctest::doctest)
  webmacs_test_flags(unit_headers_${kind})
endforeach()
target_precompile_headers(unit_headers_plain PRIVATE <doctest/doctest.h>)
target_precompile_headers(unit_headers_asio PRIVATE <utility> <boost/asio.hpp> <doctest/doctest.h>)

# webmacs_test_program(<target> [ASIO] USES <libraries>… FILES <sources>…)
function(webmacs_test_program target)
  cmake_parse_arguments(PROGRAM "ASIO" "" "USES;FILES" ${ARGN})
  add_executable(${target} ${PROGRAM_FILES})
  target_link_libraries(${target} PRIVATE unit_main ${PROGRAM_USES} webmacs_common webmacs_options doctest::doctest)
  webmacs_test_flags(${target})
  if(PROGRAM_ASIO)
    target_precompile_headers(${target} REUSE_FROM unit_headers_asio)
  else()
    target_precompile_headers(${target} REUSE_FROM unit_headers_plain)
  endif()
endfunction()
