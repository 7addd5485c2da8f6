#include "server/backup_command.h"

#include "common/service.h"
#include "server/store/sqlite/sqlite_backup.h"
#include "server/store/store.h"
#include "server/store/store_url.h"

#include <spdlog/fmt/fmt.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <unistd.h>

namespace webmacs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view scheme = "sqlite://";

// Signals are blocked in this program: they are looked for.
bool asked_to_stop() {
  sigset_t pending;
  sigemptyset(&pending);
  return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
                                       sigismember(&pending, SIGHUP) == 1);
}

class Progress {
 public:
  void operator()(const BackupProgress& now) {
    if (asked_to_stop()) throw StoreError("backup: ended by a signal; nothing is left of it");
    if (!terminal_ || (Clock::now() < next_ && now.pages_done < now.pages)) return;
    constexpr std::chrono::milliseconds interval{200};
    next_ = Clock::now() + interval;
    const bool copied = now.pages_done >= now.pages;
    std::cerr << fmt::format("\r{:>3} %  {}", now.pages == 0 ? 0 : 100 * now.pages_done / now.pages,
                             copied ? "checking the copy " : "copying")
              << std::flush;
    shown_ = true;
  }
  void end() const {
    if (shown_) std::cerr << "\r\033[K" << std::flush;
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
  Clock::time_point next_{};
};

// As it is given to another program: the query may name the host.
std::string url_to_show(const std::string& url) {
  const std::size_t query = url.find('?');
  const bool secret = query == std::string::npos || url.find("password=", query) != std::string::npos;
  return without_password(url) + (secret ? "" : url.substr(query));
}

int refuse_postgres(const ServerSettings& settings, const std::string& output) {
  std::cerr
      << "the store is in PostgreSQL, whose own program backs it up while the hub runs:\n  pg_dump --format=custom "
         "--schema=webmacs --file='"
      << output << "' '" << url_to_show(settings.store_url) << "'\n";
  return exit_failure;
}

}  // namespace

int back_up(const ServerSettings& settings, const std::string& output, bool overwrite) {
  if (settings.store_url.rfind(scheme, 0) != 0) return refuse_postgres(settings, output);
  const std::string source = settings.store_url.substr(scheme.size());
  std::error_code ignored;
  const auto there = std::filesystem::status(output, ignored);
  if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there)) {
    std::cerr << output << ": is not a regular file; name another one\n";
    return exit_failure;
  }
  if (std::filesystem::exists(there) &&
      (!overwrite || std::filesystem::equivalent(output, source, ignored))) {
    std::cerr << output << ": is there already; "
              << (overwrite ? "it is the store itself" : "name another file, or give --overwrite") << '\n';
    return exit_failure;
  }
  const auto started = Clock::now();
  Progress progress;
  std::int64_t datapoints = 0;
  try {
    datapoints = back_up_sqlite(source, output, [&](const BackupProgress& now) { progress(now); });
  } catch (...) {
    progress.end();
    throw;
  }
  progress.end();
  constexpr double mebi = 1024.0 * 1024.0;
  std::cout << fmt::format("{}: {} datapoints, {:.1f} MiB, whole and readable, in {:.1f} s\n", output, datapoints,
                           static_cast<double>(std::filesystem::file_size(output)) / mebi,
                           std::chrono::duration<double>(Clock::now() - started).count());
  return exit_ok;
}

}  // namespace webmacs
