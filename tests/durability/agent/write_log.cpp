#include "write_log.h"

#include <algorithm>
#include <new>
#include <sqlite3.h>
#include <stdexcept>

namespace webmacs::agent_tests {
namespace {

std::vector<FileStep> recorded;

// SQLite allocates it with room behind it for the real file.
struct LoggedFile {
  sqlite3_file base;
  const char* path;  // SQLite's, valid while the file is open
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

LoggedFile* logged(sqlite3_file* file) {
  return reinterpret_cast<LoggedFile*>(file);
}

// Passes a call on to the real file.
template <auto method, typename... Arguments>
auto pass(sqlite3_file* file, Arguments... arguments) {
  sqlite3_file* real = logged(file)->real();
  return (real->pMethods->*method)(real, arguments...);
}

int close_file(sqlite3_file* file) {
  return pass<&sqlite3_io_methods::xClose>(file);
}

int write_file(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  recorded.push_back({FileStep::Kind::write, logged(file)->path, offset,
                      std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size))});
  return pass<&sqlite3_io_methods::xWrite>(file, bytes, size, offset);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  recorded.push_back({FileStep::Kind::truncate, logged(file)->path, size, {}});
  return pass<&sqlite3_io_methods::xTruncate>(file, size);
}

int sync_file(sqlite3_file* file, int flags) {
  recorded.push_back({FileStep::Kind::sync, logged(file)->path, 0, {}});
  return pass<&sqlite3_io_methods::xSync>(file, flags);
}

// Version 2: SQLite does not map such files, so that every write is seen.
const sqlite3_io_methods methods{
    2,
    close_file,
    [](sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
      return pass<&sqlite3_io_methods::xRead>(file, to, size, offset);
    },
    write_file,
    truncate_file,
    sync_file,
    [](sqlite3_file* file, sqlite3_int64* size) { return pass<&sqlite3_io_methods::xFileSize>(file, size); },
    [](sqlite3_file* file, int lock) { return pass<&sqlite3_io_methods::xLock>(file, lock); },
    [](sqlite3_file* file, int lock) { return pass<&sqlite3_io_methods::xUnlock>(file, lock); },
    [](sqlite3_file* file, int* locked) { return pass<&sqlite3_io_methods::xCheckReservedLock>(file, locked); },
    [](sqlite3_file* file, int what, void* argument) {
      return pass<&sqlite3_io_methods::xFileControl>(file, what, argument);
    },
    [](sqlite3_file* file) { return pass<&sqlite3_io_methods::xSectorSize>(file); },
    [](sqlite3_file* file) { return pass<&sqlite3_io_methods::xDeviceCharacteristics>(file); },
    [](sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
      return pass<&sqlite3_io_methods::xShmMap>(file, page, size, extend, memory);
    },
    [](sqlite3_file* file, int offset, int count, int flags) {
      return pass<&sqlite3_io_methods::xShmLock>(file, offset, count, flags);
    },
    [](sqlite3_file* file) { logged(file)->real()->pMethods->xShmBarrier(logged(file)->real()); },
    [](sqlite3_file* file, int remove) { return pass<&sqlite3_io_methods::xShmUnmap>(file, remove); },
    nullptr,
    nullptr};

sqlite3_vfs* real_vfs = nullptr;
sqlite3_vfs log_vfs;

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* flags_out) {
  auto* opened = new (file) LoggedFile{{nullptr}, path};
  const int result = real_vfs->xOpen(real_vfs, path, opened->real(), flags, flags_out);
  if (opened->real()->pMethods != nullptr) opened->base.pMethods = &methods;
  return result;
}

int remove_file(sqlite3_vfs*, const char* path, int sync_folder) {
  recorded.push_back({FileStep::Kind::remove, path, 0, {}});
  return real_vfs->xDelete(real_vfs, path, sync_folder);
}

struct Disk {
  std::map<std::string, std::string> files;

  void apply(const FileStep& step, std::size_t bytes) {
    std::string& file = files[step.path];
    const auto offset = static_cast<std::size_t>(step.offset);
    switch (step.kind) {
      case FileStep::Kind::write:
        if (file.size() < offset + bytes) file.resize(offset + bytes);
        file.replace(offset, bytes, step.bytes, 0, bytes);
        break;
      case FileStep::Kind::truncate:
        file.resize(offset);
        break;
      case FileStep::Kind::remove:
        files.erase(step.path);
        break;
      case FileStep::Kind::sync:
        break;
    }
  }
};

}  // namespace

WriteLog::WriteLog() {
  recorded.clear();
  real_vfs = sqlite3_vfs_find(nullptr);
  log_vfs = *real_vfs;
  log_vfs.zName = "webmacs-write-log";
  log_vfs.szOsFile = static_cast<int>(sizeof(LoggedFile)) + real_vfs->szOsFile;
  log_vfs.xOpen = open_file;
  log_vfs.xDelete = remove_file;
  if (sqlite3_vfs_register(&log_vfs, 1) != SQLITE_OK) throw std::runtime_error("no VFS for the write log");
}

WriteLog::~WriteLog() {
  sqlite3_vfs_unregister(&log_vfs);
  sqlite3_vfs_register(real_vfs, 1);
}

const std::vector<FileStep>& WriteLog::steps() const {
  return recorded;
}

std::map<std::string, std::string> files_after(const std::vector<FileStep>& steps, std::size_t count, Unsynced unsynced,
                                               std::mt19937& random) {
  constexpr std::size_t sector = 512;
  Disk disk;
  std::vector<const FileStep*> waiting;
  for (std::size_t i = 0; i < count; ++i) {
    const FileStep& step = steps[i];
    if (step.kind == FileStep::Kind::sync) {
      for (const FileStep* earlier : waiting) {
        if (earlier->path == step.path) disk.apply(*earlier, earlier->bytes.size());
      }
      waiting.erase(std::remove_if(waiting.begin(), waiting.end(),
                                   [&](const FileStep* earlier) { return earlier->path == step.path; }),
                    waiting.end());
    } else if (step.kind == FileStep::Kind::remove) {
      disk.apply(step, 0);  // the system syncs the folder
    } else {
      waiting.push_back(&step);
    }
  }
  if (unsynced == Unsynced::lost) return disk.files;
  if (unsynced == Unsynced::some) {
    std::shuffle(waiting.begin(), waiting.end(), random);
    waiting.resize(waiting.size() - std::uniform_int_distribution<std::size_t>(0, waiting.size())(random));
  }
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    std::size_t bytes = waiting[i]->bytes.size();
    const bool torn = unsynced == Unsynced::some && i + 1 == waiting.size();
    if (torn) bytes = std::uniform_int_distribution<std::size_t>(0, bytes / sector)(random) * sector;
    disk.apply(*waiting[i], bytes);
  }
  return disk.files;
}

}  // namespace webmacs::agent_tests
