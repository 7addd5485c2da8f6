#pragma once
// What SQLite does to its files, write by write, and the disks that a power cut could have left behind. A VFS between
// SQLite and the system records; it is the default one while a WriteLog lives. One at a time.

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace webmacs::agent_tests {

struct FileStep {
  enum class Kind { write, truncate, sync, remove };
  Kind kind;
  std::string path;
  std::int64_t offset = 0;  // truncate: the new size
  std::string bytes;        // write only
};

class WriteLog {
 public:
  WriteLog();
  ~WriteLog();
  WriteLog(const WriteLog&) = delete;
  WriteLog& operator=(const WriteLog&) = delete;

  const std::vector<FileStep>& steps() const;
};

// What a disk may do with writes that nobody has synced yet.
enum class Unsynced { lost, written, some };  // some: any of them, in any order, the last one torn at a sector

// The files as a power cut after the first `count` steps would leave them, by path.
std::map<std::string, std::string> files_after(const std::vector<FileStep>& steps, std::size_t count, Unsynced unsynced,
                                               std::mt19937& random);

}  // namespace webmacs::agent_tests
