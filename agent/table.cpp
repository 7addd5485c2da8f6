#include "agent/table.h"

#include <algorithm>

namespace webmacs {
namespace {

// UTF-8's continuation bytes take no room.
std::size_t seen_width(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

void print_table(std::ostream& out, const std::vector<Row>& rows) {
  if (rows.empty()) return;
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], seen_width(row[i]));
  }
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      out << row[i] << std::string(widths[i] + 2 - seen_width(row[i]), ' ');
    }
    out << row.back() << '\n';
  }
  out << std::flush;
}

}  // namespace webmacs
