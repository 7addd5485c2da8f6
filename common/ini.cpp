#include "common/ini.h"

#include "common/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace webmacs {
namespace {

constexpr std::size_t longest_line = 4096;
constexpr std::size_t largest_file = std::size_t{16} << 20;

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Where a comment starts: `;` or `#` at the start or after white space; npos without one.
std::size_t comment_start(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] == ';' || text[i] == '#') && (i == 0 || is_space(text[i - 1]))) return i;
  }
  return std::string_view::npos;
}

std::string_view without_comment(std::string_view text) {
  return trim(text.substr(0, comment_start(text)));
}

// Replaces what cannot be text by '?', so that the rest of a damaged line is still checked; says what was found.
std::string replace_unreadable(std::string& line) {
  std::string found;
  std::string readable;
  for (std::string_view rest = line; !rest.empty();) {
    const std::size_t size = utf8_character_size(rest);
    const auto first = static_cast<unsigned char>(rest[0]);
    if (size == 0) {
      if (found.empty()) found = fmt::format("not valid UTF-8: byte 0x{:02x} (save the file as UTF-8)", first);
    } else if ((first < 0x20 && first != '\t') || first == 0x7F) {
      if (found.empty()) found = fmt::format("control character 0x{:02x} (only text is allowed)", first);
    } else {
      readable.append(rest.substr(0, size));
      rest.remove_prefix(size);
      continue;
    }
    readable += '?';
    rest.remove_prefix(std::max<std::size_t>(size, 1));
  }
  line = std::move(readable);
  return found;
}

struct Value {
  std::string text;
  const char* mistake = nullptr;
};

// What stands right of the `=`; double quotes keep comment signs and outer white space.
Value read_value(std::string_view text) {
  const std::string_view trimmed = trim(text);
  if (trimmed.empty() || trimmed.front() != '"') return {std::string(without_comment(text)), nullptr};
  const std::size_t end = trimmed.find('"', 1);
  if (end == std::string_view::npos) return {std::string(trimmed.substr(1)), "the closing quote is missing"};
  const std::string_view after = trimmed.substr(end + 1);
  const bool text_follows = !without_comment(after).empty();
  return {std::string(trimmed.substr(1, end - 1)),
          text_follows ? "text after the closing quote (only a comment may follow)" : nullptr};
}

std::string read_file(const std::string& path) {
  const auto fail = [&](const std::string& why) {
    throw ConfigurationError({fmt::format("{}: cannot be read: {}", path, why)});
  };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno == EACCES) throw ConfigurationError({path + ": permission denied; run with sudo"});
  if (file < 0) fail(std::strerror(errno));
  std::string text;
  char block[16384];
  for (;;) {
    const ssize_t size = ::read(file, block, sizeof block);
    if (size > 0) text.append(block, static_cast<std::size_t>(size));
    if (size > 0 && text.size() <= largest_file) continue;
    if (size < 0 && errno == EINTR) continue;
    const int error = size < 0 ? errno : 0;
    ::close(file);
    if (error != 0) fail(std::strerror(error));
    if (text.size() > largest_file) fail("larger than 16 MiB");
    return text;
  }
}

}  // namespace

ConfigurationError::ConfigurationError(std::vector<std::string> mistakes)
    : std::runtime_error(fmt::format("{}", fmt::join(mistakes, "\n"))), mistakes_(std::move(mistakes)) {}

std::unique_ptr<Ini> Ini::load(const std::string& path) {
  return parse(read_file(path), path);
}

std::unique_ptr<Ini> Ini::parse(std::string_view text, std::string file) {
  auto ini = std::make_unique<Ini>();
  ini->file_ = std::move(file);
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());

  IniSection* current = nullptr;
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    std::string_view content = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!content.empty() && content.back() == '\r') content.remove_suffix(1);
    current = ini->parse_line(line, content, current);
  }
  return ini;
}

IniSection* Ini::parse_line(int line, std::string_view content, IniSection* current) {
  const std::string_view section = current != nullptr ? std::string_view(current->name_) : std::string_view();
  if (content.size() > longest_line) {
    mistake(line, section, "",
            fmt::format("the line is too long: {} bytes (at most {})", content.size(), longest_line));
    return current;
  }
  std::string readable(content);
  if (const std::string unreadable = replace_unreadable(readable); !unreadable.empty()) {
    mistake(line, section, "", unreadable);
  }
  const std::string_view text = without_comment(readable);
  if (text.empty()) return current;
  if (text.front() == '[') return parse_section(line, text.substr(1));

  const std::size_t equals = readable.find('=');
  const std::string_view key = trim(std::string_view(readable).substr(0, equals));
  if (text.find('=') == std::string_view::npos || key.empty()) {
    mistake(line, section, "", "cannot be understood ([section], key = value, or a comment)");
    return current;
  }
  if (current == nullptr) {
    mistake(line, "", key, "stands before the first section ([section] comes first)");
    return nullptr;
  }
  Value value = read_value(std::string_view(readable).substr(equals + 1));
  if (value.mistake != nullptr) mistake(line, section, key, value.mistake);
  if (const IniSection::Entry* first = current->find(key); first != nullptr) {
    mistake(line, section, key, fmt::format("duplicate key (first in line {})", first->line));
    return current;
  }
  current->entries_.push_back({std::string(key), std::move(value.text), line, false});
  return current;
}

// `text` follows the opening bracket. A damaged header still opens its section, so that its keys are checked too.
IniSection* Ini::parse_section(int line, std::string_view text) {
  const std::size_t end = text.find(']');
  const std::string_view name = trim(text.substr(0, end));
  if (end == std::string_view::npos) {
    mistake(line, name, "", "the closing bracket is missing ([section])");
  } else if (!trim(text.substr(end + 1)).empty()) {
    mistake(line, name, "", "text after the section's name (only a comment may follow)");
  }
  if (name.empty()) mistake(line, "", "", "a section without a name ([section])");
  for (const auto& section : sections_) {
    if (section->name_ != name) continue;
    if (!name.empty()) mistake(line, name, "", fmt::format("duplicate section (first in line {})", section->line_));
    return section.get();
  }
  return &add_section(name, line);
}

IniSection& Ini::add_section(std::string_view name, int line) {
  sections_.push_back(std::make_unique<IniSection>());
  IniSection& section = *sections_.back();
  section.file_ = this;
  section.name_ = std::string(name);
  section.line_ = line;
  return section;
}

IniSection& Ini::section(std::string_view name) {
  if (std::ranges::find(asked_, name) == asked_.end()) asked_.emplace_back(name);
  for (const auto& section : sections_) {
    if (section->name_ == name) return *section;
  }
  return add_section(name, 0);
}

std::vector<IniSection*> Ini::sections(std::string_view prefix) {
  const std::string start = std::string(prefix) + ":";
  const bool first_time = std::ranges::find(asked_, start) == asked_.end();
  if (first_time) asked_.push_back(start);
  std::vector<IniSection*> found;
  for (const auto& section : sections_) {
    if (!section->present() || !section->name_.starts_with(start)) continue;
    if (first_time && section->label().empty()) {
      mistake(section->line_, section->name_, "", fmt::format("a name is missing after the colon ([{}NAME])", start));
    }
    found.push_back(section.get());
  }
  return found;
}

void Ini::mistake(int line, std::string_view section, std::string_view key, const std::string& what) {
  // What is missing altogether has no line: it is reported at the first.
  std::string text = fmt::format("{}:{}: ", file_, std::max(line, 1));
  if (!section.empty()) text += fmt::format("[{}]", section);
  if (!section.empty() && !key.empty()) text += ' ';
  text += key;
  if (!section.empty() || !key.empty()) text += ": ";
  mistakes_.push_back({line, text + what});
}

std::optional<std::string> Ini::unknown_section(std::string_view name) const {
  const std::size_t colon = name.find(':');
  const std::string_view label = colon == std::string_view::npos ? "NAME" : name.substr(colon + 1);
  std::vector<std::string> candidates;
  std::vector<std::string> allowed;
  for (const std::string& asked : asked_) {
    const bool prefix = asked.back() == ':';
    if (prefix ? name.starts_with(asked) : name == asked) return std::nullopt;
    candidates.push_back(prefix ? asked + std::string(label) : asked);
    allowed.push_back(fmt::format("[{}{}]", asked, prefix ? "NAME" : ""));
  }
  if (const auto near = did_you_mean(name, candidates)) {
    return fmt::format("unknown section (did you mean [{}]?)", *near);
  }
  return fmt::format("unknown section (allowed: {})", fmt::join(allowed, ", "));
}

void Ini::finish() {
  for (const auto& section : sections_) {
    if (!section->present() || section->name_.empty()) continue;
    if (const auto unknown = unknown_section(section->name_)) {
      mistake(section->line_, section->name_, "", *unknown);
      continue;
    }
    for (const IniSection::Entry& entry : section->entries_) {
      if (entry.known) continue;
      const auto near = did_you_mean(entry.key, section->asked_);
      mistake(entry.line, section->name_, entry.key,
              near ? fmt::format("unknown key (did you mean {}?)", *near)
                   : fmt::format("unknown key (allowed: {})", fmt::join(section->asked_, ", ")));
    }
  }
  if (mistakes_.empty()) return;
  std::ranges::stable_sort(mistakes_, {}, &Mistake::line);
  std::vector<std::string> texts;
  for (Mistake& mistake : mistakes_) texts.push_back(std::move(mistake.text));
  mistakes_.clear();
  throw ConfigurationError(std::move(texts));
}

}  // namespace webmacs
