#include "agent/buffer_recovery.h"

#include "agent/buffer_file.h"
#include "common/log.h"
#include "common/timestamp.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace webmacs {
namespace {

namespace fs = std::filesystem;

constexpr const char* aside_mark = ".damaged-";
constexpr const char* recovered_mark = ".recovered";
constexpr std::size_t recovered_files_kept = 2;
constexpr int most_events = 100'000;  // a damaged tree may show its leaves again and again

// Those that were set aside beside `path`, oldest first: the date in their names orders them.
std::vector<std::string> files_aside(const std::string& path, bool recovered) {
  const fs::path buffer(path);
  const std::string begin = buffer.filename().string() + aside_mark;
  const fs::path folder = buffer.parent_path().empty() ? fs::path(".") : buffer.parent_path();
  std::vector<std::string> files;
  std::error_code ec;
  for (fs::directory_iterator entry(folder, ec), end; !ec && entry != end; entry.increment(ec)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(begin) || name.ends_with("-wal") || name.ends_with("-shm")) continue;
    if (name.ends_with(recovered_mark) == recovered) files.push_back((buffer.parent_path() / name).string());
  }
  std::ranges::sort(files);
  return files;
}

std::string date_for_file_name() {
  std::string text = format_timestamp(utc_now());  // 2025-01-15T14:32:10.000Z
  text.resize(19);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text + "Z";
}

// Throws std::filesystem::filesystem_error.
void rename_with_wal(const std::string& from, const std::string& to) {
  fs::rename(from, to);
  std::error_code ec;
  if (fs::file_size(from + "-wal", ec) > 0 && !ec) {
    fs::rename(from + "-wal", to + "-wal", ec);
  } else {
    fs::remove(from + "-wal", ec);
  }
  fs::remove(from + "-shm", ec);
}

// Without the first hundred bytes SQLite reads nothing of a file; in a buffer they are known beforehand. What stands in
// them in vain (a number of pages, a counter) is guarded by each row's sum. False when the file cannot be written.
bool write_buffer_header(const std::string& file) {
  constexpr std::uint32_t page_size = 4096;
  constexpr std::uint32_t counter = 1;
  std::error_code ec;
  const auto pages = static_cast<std::uint32_t>(fs::file_size(file, ec) / page_size);
  if (ec || pages == 0) return false;
  std::string header("SQLite format 3\0\x10\0\2\2\0\x40\x20\x20", 24);  // pages of 4096 bytes, WAL
  const auto add = [&](std::uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) header.push_back(static_cast<char>(number >> shift & 255));
  };
  // Counter, pages, two of the free list, schema cookie and format, cache, greatest root (an auto-vacuum file has one),
  // UTF-8, version, incremental, application.
  for (const std::uint32_t number :
       {counter, pages, 0U, 0U, 1U, 4U, 0U, 4U, 1U, static_cast<std::uint32_t>(BufferFile::schema_version), 1U,
        static_cast<std::uint32_t>(BufferFile::application_id)})
    add(number);
  header.append(20, '\0');
  add(counter);
  add(3040000);  // the SQLite that wrote it
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  return static_cast<bool>(stream.write(header.data(), static_cast<std::streamsize>(header.size())).flush());
}

}  // namespace

std::string set_buffer_aside(const std::string& path) {
  const std::string dated = path + aside_mark + date_for_file_name();
  std::string aside = dated;
  for (int n = 2; fs::exists(aside) || fs::exists(aside + recovered_mark); ++n) aside = dated + "-" + std::to_string(n);
  rename_with_wal(path, aside);
  return aside;
}

std::vector<BufferAside> buffers_aside(const std::string& path) {
  std::vector<BufferAside> found;
  for (const bool was_read_back : {true, false}) {
    for (std::string& file : files_aside(path, was_read_back)) found.push_back({std::move(file), was_read_back});
  }
  std::ranges::sort(found, {}, &BufferAside::file);
  return found;
}

std::unique_ptr<BufferRecovery> BufferRecovery::of_oldest_beside(const std::string& path) {
  const auto files = files_aside(path, false);
  if (files.empty()) return nullptr;
  auto recovery = std::make_unique<BufferRecovery>(files.front());
  if (recovery->trouble().empty() || !write_buffer_header(files.front())) return recovery;
  return std::make_unique<BufferRecovery>(files.front());
}

BufferRecovery::BufferRecovery(std::string file) : file_(std::move(file)) {
  try {
    database_ = std::make_unique<Database>(file_, Database::Mode::read_only);
    // Read a file that is shorter than it says, and look at each cell before it is trusted.
    database_->execute("PRAGMA writable_schema = ON; PRAGMA cell_size_check = ON; PRAGMA cache_size = -1024");
    // The index that keeps names unique holds all of it a second time, and what is bad can be met from either end.
    for (const char* order : {"", " DESC"}) {
      load_events(std::string("events ORDER BY id") + order);
      load_events(std::string("events INDEXED BY sqlite_autoindex_events_1 ORDER BY event_public_id") + order);
    }
    walk_ = std::make_unique<RowidWalk>(*database_,
                                        "SELECT seq, event, time, value, reason, retried, sum FROM readings WHERE seq");
  } catch (const SqliteError& error) {
    trouble_ = error.what();
  }
}

BufferRecovery::~BufferRecovery() = default;

// As far as it goes.
void BufferRecovery::load_events(const std::string& from) {
  try {
    Statement events(*database_, "SELECT id, event_public_id FROM " + from);
    for (int row = 0; row < most_events && events.step(); ++row) {
      const std::int64_t id = events.integer(0);
      const std::string name = events.text(1);
      const auto [first, last] = event_names_.equal_range(id);
      if (std::none_of(first, last, [&](const auto& known) { return known.second == name; })) {
        event_names_.emplace(id, name);
      }
    }
  } catch (const SqliteError& error) {
    log_debug("buffer: {}", error.what());
  }
}

// The reading, when it is as it was written.
std::optional<BufferedReading> BufferRecovery::whole(const Statement& row) const {
  if (row.is_null(6)) return std::nullopt;
  const auto [first, last] = event_names_.equal_range(row.integer(1));
  for (auto event = first; event != last; ++event) {
    BufferedReading buffered = buffered_reading(row, event->second);
    if (row.integer(6) == row_sum(buffered)) return buffered;
  }
  return std::nullopt;
}

std::vector<BufferedReading> BufferRecovery::next(std::size_t limit, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::vector<BufferedReading> found;
  while (walk_ && found.size() < limit) {
    const Statement* row = walk_->next(deadline);
    if (row == nullptr) break;
    std::optional<BufferedReading> buffered = whole(*row);
    if (!buffered) {
      if (!walk_->in_gaps()) ++damaged_rows_;
    } else if (walk_->accept()) {
      found.push_back(std::move(*buffered));
    }
    if (std::chrono::steady_clock::now() > deadline) break;
  }
  recovered_ += static_cast<std::int64_t>(found.size());
  return found;
}

bool BufferRecovery::finish() {
  const std::int64_t places = unreadable_places();
  walk_.reset();
  database_.reset();
  if (!trouble_.empty()) {
    log_error("buffer: nothing could be read back from {}: {}", file_, trouble_);
  } else {
    log_warning("buffer: {} readings were read back from {}; {} damaged rows and {} unreadable places were left there",
                recovered_, file_, damaged_rows_, places);
  }
  try {
    rename_with_wal(file_, file_ + recovered_mark);
  } catch (const fs::filesystem_error& error) {
    log_error("buffer: {}; the file will be read again at the next start", error.what());
    return false;
  }
  const std::string buffer = file_.substr(0, file_.rfind(aside_mark));
  auto read = files_aside(buffer, true);
  for (std::size_t i = 0; i + recovered_files_kept < read.size(); ++i) {
    std::error_code ec;
    fs::remove(read[i], ec);
    fs::remove(read[i] + "-wal", ec);
  }
  return true;
}

}  // namespace webmacs
