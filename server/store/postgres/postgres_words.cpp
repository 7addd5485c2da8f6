#include "server/store/postgres/postgres_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace webmacs {
namespace {

constexpr std::array<std::string_view, 5> before_tables{"FROM", "JOIN", "INTO", "UPDATE", "TABLE"};
// What stands in these places and is no table of ours: functions, and words of the language.
constexpr std::array<std::string_view, 6> no_tables{"unnest", "generate_series", "SET", "ONLY", "LATERAL", "IF"};

bool is_word(char character) {
  return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
}

template <std::size_t Count>
bool is_one_of(const std::array<std::string_view, Count>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// The names that a statement gives to its own parts: WITH name AS (…), other AS (…).
std::set<std::string_view> own_names(std::string_view sql) {
  std::set<std::string_view> names;
  if (sql.substr(0, 5) != "WITH ") return names;
  std::string_view before;
  for (std::size_t at = 0; at < sql.size();) {
    std::size_t end = at;
    while (end < sql.size() && is_word(sql[end])) ++end;
    if (end == at) {
      ++at;
      continue;
    }
    const std::string_view word = sql.substr(at, end - at);
    if (before == "WITH" || before == "RECURSIVE" || sql.substr(end, 5) == " AS (") names.insert(word);
    before = word;
    at = end;
  }
  return names;
}

// The catalogue's tables are found in every connection; names with a schema have one already.
bool is_our_table(std::string_view word, char behind) {
  return !word.empty() && word.substr(0, 3) != "pg_" && behind != '.' && behind != '(' && !is_one_of(no_tables, word);
}

}  // namespace

std::string in_postgres_words(std::string_view sql) {
  std::string text;
  text.reserve(sql.size() + 64);
  const std::set<std::string_view> own = own_names(sql);
  bool table_may_follow = false;
  for (std::size_t at = 0; at < sql.size();) {
    if (sql[at] == '\'') {
      const std::size_t end = std::min(sql.find('\'', at + 1), sql.size() - 1);
      text += sql.substr(at, end + 1 - at);
      at = end + 1;
      table_may_follow = false;
    } else if (is_word(sql[at])) {
      std::size_t end = at;
      while (end < sql.size() && is_word(sql[end])) ++end;
      const std::string_view word = sql.substr(at, end - at);
      const char behind = end < sql.size() ? sql[end] : ' ';
      const bool begins_a_name = std::isdigit(static_cast<unsigned char>(word.front())) == 0;
      if (table_may_follow && begins_a_name && own.count(word) == 0 && is_our_table(word, behind)) text += "webmacs.";
      text += word;
      table_may_follow = is_one_of(before_tables, word);
      at = end;
    } else {
      // Only blanks stand between the word and the table's name.
      if (std::isspace(static_cast<unsigned char>(sql[at])) == 0) table_may_follow = false;
      text += sql[at++];
    }
  }
  return text;
}

}  // namespace webmacs
