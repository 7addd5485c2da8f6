#include "server/backup_command.h"

#include "common/program.h"
#include "common/progress_line.h"
#include "server/store/sqlite/sqlite_backup.h"
#include "server/store/store.h"
#include "server/store/store_url.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <unistd.h>
#include <variant>

namespace webmacs {
namespace {

using Clock = std::chrono::steady_clock;

// Signals are blocked in this program: they are looked for.
bool asked_to_stop() {
  sigset_t pending;
  sigemptyset(&pending);
  return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
                                       sigismember(&pending, SIGHUP) == 1);
}

void show(ProgressLine& line, const BackupProgress& now) {
  const bool copied = now.pages_done >= now.pages;
  if (!line.is_due() && !copied) return;
  line.show(fmt::format("{:>3} %  {}", now.pages == 0 ? 0 : 100 * now.pages_done / now.pages,
                        copied ? "checking the copy" : "copying"));
}

std::int64_t copy(const std::string& source, const std::string& output) {
  ProgressLine line(isatty(STDERR_FILENO) == 1);
  return back_up_sqlite(source, output, [&line](const BackupProgress& now) {
    if (asked_to_stop()) throw StoreError("backup: ended by a signal; nothing is left of it");
    show(line, now);
  });
}

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
      << output << "' '" << url_to_show(settings.start.store_url) << "'\n";
  return exit_failure;
}

}  // namespace

int back_up(const ServerSettings& settings, const std::string& output, bool overwrite) {
  const StoreUrl url = parse_store_url(settings.start.store_url);
  const auto* sqlite = std::get_if<SqliteUrl>(&url);
  if (sqlite == nullptr) return refuse_postgres(settings, output);
  std::error_code ignored;
  const auto there = std::filesystem::status(output, ignored);
  if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there)) {
    std::cerr << output << ": is not a regular file; name another one\n";
    return exit_failure;
  }
  if (std::filesystem::exists(there) && (!overwrite || std::filesystem::equivalent(output, sqlite->path, ignored))) {
    std::cerr << output << ": is there already; "
              << (overwrite ? "it is the store itself" : "name another file, or give --overwrite") << '\n';
    return exit_failure;
  }
  const auto started = Clock::now();
  const std::int64_t datapoints = copy(sqlite->path, output);
  constexpr double mebi = 1024.0 * 1024.0;
  std::cout << fmt::format("{}: {} datapoints, {:.1f} MiB, whole and readable, in {:.1f} s\n", output, datapoints,
                           static_cast<double>(std::filesystem::file_size(output)) / mebi,
                           std::chrono::duration<double>(Clock::now() - started).count());
  return exit_ok;
}

}  // namespace webmacs
