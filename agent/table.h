#pragma once
// Aligned columns for people.

#include <ostream>
#include <string>
#include <vector>

namespace webmacs {

using Row = std::vector<std::string>;

// `rows` may be empty; all have the same number of cells. UTF-8 counts as it is seen.
void print_table(std::ostream& out, const std::vector<Row>& rows);

}  // namespace webmacs
