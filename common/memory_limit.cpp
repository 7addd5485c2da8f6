#include "common/memory_limit.h"

#include "common/log.h"

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <new>

namespace webmacs {
namespace {

constexpr std::uint64_t mebibyte = 1024 * 1024;
constexpr std::chrono::seconds log_interval{1};

void add_limit(std::string& text, int resource, const char* what, const char* where) {
  rlimit limit{};
  if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  text +=
      fmt::format("{}{} is limited to {} MiB ({})", text.empty() ? "" : "; ", what, limit.rlim_cur / mebibyte, where);
}

// Of the control group of version 2 that the process runs in, "/sys/fs/cgroup/…/memory.max".
void add_group_limit(std::string& text) {
  std::string line;
  for (std::ifstream groups("/proc/self/cgroup"); std::getline(groups, line);) {
    if (!line.starts_with("0::")) continue;
    std::uint64_t bytes = 0;
    if (std::ifstream("/sys/fs/cgroup" + line.substr(3) + "/memory.max") >> bytes) {
      text += fmt::format("{}the unit's memory is limited to {} MiB (MemoryMax=)", text.empty() ? "" : "; ",
                          bytes / mebibyte);
    }
  }
}

void report_and_throw() {
  static std::atomic<std::chrono::steady_clock::rep> next{0};
  thread_local bool reporting = false;  // what is said needs memory, too
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  auto due = next.load();
  if (!reporting && now.count() >= due && next.compare_exchange_strong(due, (now + log_interval).count())) {
    reporting = true;
    try {
      log_error("out of memory: {}", memory_limit());
    } catch (const std::bad_alloc&) {  // then it is not said
    }
    reporting = false;
  }
  throw std::bad_alloc();
}

}  // namespace

std::string memory_limit() {
  std::string text;
  add_limit(text, RLIMIT_AS, "the address space", "ulimit -v, LimitAS=");
  add_limit(text, RLIMIT_DATA, "the data segment", "ulimit -d, LimitDATA=");
  add_group_limit(text);
  return text.empty() ? "no limit of this process is set: the machine has no more" : text;
}

void report_failed_allocations() {
  std::set_new_handler(report_and_throw);
}

}  // namespace webmacs
