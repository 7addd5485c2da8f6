#include "server/export_command.h"

#include "common/log.h"
#include "common/program.h"
#include "common/progress_line.h"
#include "common/signals.h"
#include "common/timestamp.h"
#include "server/commands.h"
#include "server/export/csv_export.h"
#include "server/open_store.h"
#include "server/output_file.h"

#include <chrono>
#include <csignal>
#include <iostream>
#include <optional>
#include <unistd.h>

namespace webmacs {
namespace {

constexpr std::size_t piece_bytes = 256 * 1024;

volatile std::sig_atomic_t stop_signal = 0;
// A write that began just after the signal is interrupted, too, by the alarm.
void note_stop(int signal) {
  stop_signal = signal;
  alarm(1);
}
bool stopped() {
  return stop_signal != 0;
}

// Ctrl-C also interrupts a write that waits for a pipe's reader.
void listen_for_stop() {
  struct sigaction action {};
  action.sa_handler = note_stop;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGALRM}) sigaction(signal, &action, nullptr);
  sigset_t alarms;
  sigemptyset(&alarms);
  sigaddset(&alarms, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &alarms, nullptr);
  unblock_service_signals();
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

// How fast rows are written.
class Speed {
 public:
  std::string text(std::uint64_t rows) const {
    const double seconds = std::max(1e-3, std::chrono::duration<double>(Clock::now() - begun_).count());
    return fmt::format("{} rows, {} rows/s", grouped(rows),
                       grouped(static_cast<std::uint64_t>(static_cast<double>(rows) / seconds)));
  }

 private:
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begun_ = Clock::now();
};

// Empty, and the mistake was said, when the arguments do not fit together.
std::optional<ExportRequest> request_of(const ExportArguments& arguments) {
  ExportRequest request;
  request.experiment = arguments.experiment;
  request.events = arguments.events;
  request.shape = parse_csv_shape(arguments.shape).value_or(CsvShape::long_form);
  const bool has_range = !arguments.from.empty() || !arguments.to.empty();
  if (has_range == !arguments.experiment.empty() || arguments.from.empty() != arguments.to.empty()) {
    std::cerr << "export: give either --experiment, or --from and --to\n";
    return std::nullopt;
  }
  if (!has_range) return request;
  const auto from = parse_timestamp(arguments.from);
  const auto to = parse_timestamp(arguments.to);
  if (!from || !to) {
    std::cerr << (from ? "--to: '" + arguments.to : "--from: '" + arguments.from)
              << "' is no RFC 3339 time (2025-01-15T14:32:10Z)\n";
    return std::nullopt;
  }
  if (*from >= *to) {
    std::cerr << "--to: it is not after --from\n";
    return std::nullopt;
  }
  request.from = *from;
  request.to = *to;
  return request;
}

void write_all(Store& store, const ExportRequest& request, OutputFile& output, ProgressLine& line) {
  const Speed speed;
  const ExportPlan plan = plan_export(store, request, utc_now());
  CsvExport csv(store, plan);
  const double whole = std::max(1.0, static_cast<double>((plan.to - plan.from).count()));
  std::string piece;
  for (bool more = true; more;) {
    piece.clear();
    more = csv.read(piece, piece_bytes);
    output.write(piece, stopped);
    if (!line.is_due()) continue;
    const double part = static_cast<double>((csv.reached() - plan.from).count()) / whole;
    line.show(fmt::format("{:>3.0f} %  {}", part * 100, speed.text(csv.rows())));
  }
  line.finish(speed.text(csv.rows()));
}

}  // namespace

int export_csv(const ServerSettings& settings, const ExportArguments& arguments) {
  const auto request = request_of(arguments);
  if (!request) return exit_usage;
  listen_for_stop();
  OutputFile output(arguments.output);  // the caller's, not the store's owner's
  const bool terminal = isatty(STDERR_FILENO) != 0;
  ProgressLine line(terminal && !(output.is_standard_output() && isatty(STDOUT_FILENO) != 0));
  try {
    const AsStoreOwner owner(settings);
    const auto store = open_store(settings.start.store_url, settings.start.store_password_file);
    write_all(*store, *request, output, line);
  } catch (const NothingToExport& error) {
    std::cerr << "export: " << error.what() << '\n';
    return exit_failure;
  }
  output.finish();
  return exit_ok;
}

}  // namespace webmacs
