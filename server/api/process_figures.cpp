#include "server/api/process_figures.h"

#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <unistd.h>

namespace webmacs {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// Field 22 of /proc/self/stat, in ticks since boot; the program's name before it may hold spaces and brackets.
double started_ticks_after_boot() {
  std::ifstream file("/proc/self/stat");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  return ticks;
}

double boot_time() {
  std::ifstream file("/proc/stat");
  std::string name;
  double value = 0;
  while (file >> name) {
    if (name == "btime" && file >> value) return value;
    std::getline(file, name);
  }
  return 0;
}

std::uint64_t count_descriptors() {
  std::error_code ec;
  std::filesystem::directory_iterator descriptors("/proc/self/fd", ec);
  if (ec) return 0;
  return static_cast<std::uint64_t>(std::distance(begin(descriptors), end(descriptors))) - 1;  // without this look's
}

}  // namespace

ProcessFigures read_process_figures() {
  ProcessFigures figures;
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) figures.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) figures.most_descriptors = descriptors.rlim_cur;
  std::uint64_t virtual_pages = 0;
  std::uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> virtual_pages >> resident_pages;
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  figures.virtual_bytes = virtual_pages * page;
  figures.resident_bytes = resident_pages * page;
  figures.open_descriptors = count_descriptors();
  figures.start_time = boot_time() + started_ticks_after_boot() / static_cast<double>(sysconf(_SC_CLK_TCK));
  return figures;
}

}  // namespace webmacs
