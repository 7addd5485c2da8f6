#pragma once
// SQL that both databases understand, in PostgreSQL's words: our tables are named with their schema, so that nothing
// depends on what a connection has set, or on what a pooler has left there. Pure.

#include <string>
#include <string_view>

namespace webmacs {

// Returns the statement with "webmacs." before each of our tables where a table is named: after FROM, JOIN, INTO,
// UPDATE and TABLE.
std::string in_postgres_words(std::string_view sql);

}  // namespace webmacs
