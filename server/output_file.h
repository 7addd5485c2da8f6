#pragma once
// What a command writes: a file that is there whole or not at all, or standard output. One thread.

#include <string>
#include <string_view>

namespace webmacs {

class OutputFile {
 public:
  // Writes beside `path`, under another name; an older file stays until finish(). An empty path is standard output,
  // written as it comes. Throws std::runtime_error naming what cannot be made, and for a path that is there and is no
  // regular file: root would write over a disk.
  explicit OutputFile(std::string path);
  // Unfinished: what was written is deleted.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  bool is_standard_output() const { return path_.empty(); }
  // Throws std::runtime_error, also as soon as `stopped()`, which is asked again whenever a signal came.
  void write(std::string_view bytes, bool (*stopped)());
  // On the disk, and under its name.
  void finish();

 private:
  void open_beside();
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;
  std::string temporary_;  // empty: standard output, or finished
  int file_ = -1;
};

}  // namespace webmacs
