#include "agent/table.h"

#include <doctest/doctest.h>

#include <sstream>

using namespace webmacs;

namespace {

std::string printed(const std::vector<Row>& rows) {
  std::ostringstream out;
  print_table(out, rows);
  return out.str();
}

}  // namespace

TEST_CASE("columns are as wide as their widest cell, two blanks apart, and nothing trails") {
  CHECK(printed({{"event", "value", "unit"}, {"evt_a", "1", "bar"}, {"e", "1234.5", ""}}) ==
        "event  value   unit\n"
        "evt_a  1       bar\n"
        "e      1234.5  \n");
}

TEST_CASE("a character counts once, however many bytes it has") {
  CHECK(printed({{"°C", "x"}, {"ab", "y"}, {"Füllstand", "z"}}) ==
        "°C         x\n"
        "ab         y\n"
        "Füllstand  z\n");
}

TEST_CASE("a table without rows is nothing") {
  CHECK(printed({}).empty());
}
