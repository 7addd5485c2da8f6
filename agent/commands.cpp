#include "agent/commands.h"

#include "agent/agent.h"
#include "agent/buffer_recovery.h"
#include "agent/rig_warnings.h"
#include "agent/table.h"
#include "common/descriptor_limit.h"
#include "common/log.h"
#include "common/program.h"
#include "common/seconds.h"
#include "common/signals.h"
#include "common/timestamp.h"
#include "hardware/line_load.h"
#include "hardware/modbus_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <future>
#include <iostream>
#include <iterator>
#include <map>
#include <poll.h>
#include <unistd.h>

namespace webmacs {

namespace {

using namespace std::chrono_literals;

constexpr auto longest_look_away = 200ms;  // from a reader that may leave

std::string readable_size(std::int64_t bytes) {
  constexpr double kibi = 1024;
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  if (bytes < 1024 * 1024) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / kibi);
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kibi / kibi);
}

std::vector<EventSettings> events_of(const RigSettings& rig, const std::string& device) {
  std::vector<EventSettings> events;
  std::ranges::copy_if(rig.events, std::back_inserter(events),
                       [&](const EventSettings& event) { return event.device == device; });
  return events;
}

std::string describe_register(const EventSettings& event) {
  const Register& where = event.where;
  std::string text = fmt::format("{}:{} {}", to_text(where.kind), where.address, to_text(where.type));
  if (where.bit >= 0) text += fmt::format(" bit {}", where.bit);
  if (!where.is_bit_kind() && where.order != ByteOrder::abcd) text += fmt::format(" {}", to_text(where.order));
  const Scaling& scaling = where.scaling;
  if (!(scaling.scale() == Decimal{1, 0})) text += " × " + to_text(scaling.scale());
  if (scaling.offset().coefficient != 0) text += " + " + to_text(scaling.offset());
  return text;
}

// When the value counts as bad, whatever its registers hold.
std::string describe_badness(const Register& where) {
  std::string text;
  for (const std::uint64_t raw : where.invalid) text += fmt::format("{}{:#x}", text.empty() ? ", none: " : ", ", raw);
  if (!where.bad_when) return text;
  const StatusRegister& status = *where.bad_when;
  text += fmt::format(", bad when {}:{}", to_text(where.kind), status.address);
  if (status.bit >= 0) text += fmt::format(" bit {}", status.bit);
  return text + fmt::format(" is {}", fmt::join(status.bad, " or "));
}

void print_requests(const DeviceSettings& device, const std::vector<EventSettings>& events) {
  for (const PlannedPoll& poll : planned_polls(device, events)) {
    for (const PlannedRead& read : poll.reads) {
      std::cout << fmt::format("  every {} s: read {} {}-{}:", in_seconds(poll.interval), to_text(read.kind),
                               read.address, read.address + read.count - 1);
      for (const std::size_t index : read.values) std::cout << ' ' << poll.events[index]->event_public_id;
      std::cout << '\n';
    }
  }
}

// How busy each serial line will be. False when one cannot keep up.
bool print_line_loads(const RigSettings& rig) {
  bool all_fit = true;
  for (const LineLoad& load : line_loads(rig)) {
    std::cout << fmt::format("line {}: {:.0f} % of {} baud\n", load.line, 100 * load.share, load.baud);
    if (load.share <= 1) continue;
    all_fit = false;
    std::cout << fmt::format(
        "line {}: warning: its requests need more time than there is; with poll_interval = {:.1f} "
        "(seconds) for all its events they fit\n",
        load.line, std::ceil(10 * in_seconds(load.fitting_interval)) / 10);
  }
  return all_fit;
}

void warn_of_reserved_unit(const DeviceSettings& device) {
  if (device.transport == Transport::tcp || device.unit <= 247) return;
  std::cout << fmt::format("device {}: warning: unit {} is reserved by the standard (1 to 247); some devices use it\n",
                           device.name, device.unit);
}

Row row_of(const EventSettings& event, const PolledValue& polled) {
  const std::string words = fmt::format("{:04x}", fmt::join(polled.words, " "));
  return {event.event_public_id,
          describe_register(event),
          words.empty() ? "-" : words,
          polled.value ? fmt::format("{}", *polled.value) : "-",
          event.unit.empty() ? "-" : event.unit,
          polled.value ? "good" : "bad: " + polled.reason};
}

// What one look at the rig found.
struct Look {
  std::vector<Row> rows;                        // one for each event
  std::map<std::string, std::string> failures;  // by device: why it, or the first of its values, is bad
};

void look_at(Device& device, const std::vector<EventSettings>& events, Look& look) {
  std::vector<const EventSettings*> asked;
  for (const EventSettings& event : events) asked.push_back(&event);
  const std::vector<PolledValue> polled = poll_whole(device, asked);
  std::string failure = device.error();
  for (std::size_t i = 0; i < polled.size(); ++i) {
    look.rows.push_back(row_of(events[i], polled[i]));
    if (failure.empty() && !polled[i].value) failure = events[i].event_public_id + ": " + polled[i].reason;
  }
  if (!polled.empty() && !failure.empty()) look.failures[device.settings().name] = failure;
}

// Devices of one line one after the other, lines side by side.
Look poll_once(std::vector<Line>& lines, const RigSettings& rig) {
  std::vector<std::future<Look>> polls;
  for (Line& line : lines) {
    polls.push_back(std::async(std::launch::async, [&line, &rig] {
      Look look;
      for (const auto& device : line.devices) look_at(*device, events_of(rig, device->settings().name), look);
      if (!line.devices.empty()) line.devices.front()->end_turn();
      return look;
    }));
  }
  Look all;
  for (auto& poll : polls) {
    Look look = poll.get();
    std::move(look.rows.begin(), look.rows.end(), std::back_inserter(all.rows));
    all.failures.merge(look.failures);
  }
  return all;
}

// The last failure of each device, so that one in passing can be read, too.
class FailureNotes {
 public:
  void add(const std::map<std::string, std::string>& failures, Timestamp now) {
    for (auto& [device, note] : notes_) note.over = true;
    for (const auto& [device, text] : failures) notes_[device] = {text, now, false};
  }
  void print(std::ostream& out) const {
    for (const auto& [device, note] : notes_) {
      out << fmt::format("{}: {} ({}{})\n", device, note.text, format_timestamp(note.time), note.over ? ", over" : "");
    }
  }

 private:
  struct Note {
    std::string text;
    Timestamp time;  // when it was last so
    bool over = false;
  };
  std::map<std::string, Note> notes_;
};

// How much of a damaged buffer is still there.
std::string readable_in(const std::string& file) {
  BufferRecovery recovery(file);
  while (!recovery.ended()) recovery.next(10'000, std::chrono::seconds(1));
  if (!recovery.trouble().empty()) return "no readings can be read";
  return fmt::format("{} readings can be read, {} damaged rows and {} unreadable places cannot", recovery.recovered(),
                     recovery.damaged_rows(), recovery.unreadable_places());
}

// Whether whoever read the output is gone: the other end of a pipe, or the terminal.
bool reader_left() {
  pollfd output{STDOUT_FILENO, 0, 0};
  return ::poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

// True when a signal said so, or the reader left. Every signal is blocked, so they wait here.
bool ended_within(std::chrono::microseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(end - std::chrono::steady_clock::now());
    const auto slice = std::clamp<std::chrono::microseconds>(left, 0us, longest_look_away);
    if (stop_signal_within(slice) || reader_left()) return true;
    if (left <= slice) return false;
  }
}

}  // namespace

int run_agent(const std::string& config) {
  raise_descriptor_limit();
  AgentSettings settings = load_agent_settings(config);
  const auto clock = std::make_shared<RigClock>(SystemClocks{}, settings.wait_for_clock);
  ModbusDevice::Clocks clocks;
  clocks.wall = [clock] { return clock->now(); };
  Agent agent(
      std::move(settings), [&](const RigSettings& rig) { return open_lines(rig, clocks); }, clock);
  return agent.run();
}

int check_rig(const std::string& config, bool strict) {
  const AgentSettings settings = load_agent_settings(config);
  const std::vector<std::string> warnings = rig_warnings(settings);
  if (strict && !warnings.empty()) throw ConfigurationError(warnings);
  std::cout << fmt::format("{}: right\nagent {}: hub {}, buffer {} (at most {}, then the {} go)\n", config,
                           settings.name, settings.hub.url_text, settings.buffer.path,
                           readable_size(settings.buffer.max_size), settings.buffer.drop_oldest ? "oldest" : "newest");
  const TokenLookup token = find_token(settings.hub);
  if (token.token.empty()) std::cout << token.problem << '\n';
  for (const DeviceSettings& device : settings.rig.devices) {
    const std::vector<EventSettings> events = events_of(settings.rig, device.name);
    std::cout << fmt::format("device {}: {}, unit {}, {} events\n", device.name, device.line(), device.unit,
                             events.size());
    for (const EventSettings& event : events) {
      std::cout << fmt::format("  {}: {}{}{}{}\n", event.event_public_id, describe_register(event),
                               event.unit.empty() ? "" : ", ", event.unit, describe_badness(event.where));
    }
    print_requests(device, events);
    warn_of_reserved_unit(device);
  }
  for (const std::string& warning : warnings) std::cout << "warning: " << warning << '\n';
  const bool all_fit = print_line_loads(settings.rig);
  return strict && !all_fit ? exit_configuration : exit_ok;
}

int read_rig(const std::string& config, bool watch) {
  const AgentSettings settings = load_agent_settings(config);
  std::vector<Line> lines = open_lines(settings.rig);
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  FailureNotes notes;
  for (;;) {
    const Look look = poll_once(lines, settings.rig);
    std::vector<Row> table = {{"event", "register", "raw", "value", "unit", "quality"}};
    table.insert(table.end(), look.rows.begin(), look.rows.end());
    const Timestamp now = utc_now();
    notes.add(look.failures, now);
    if (watch && terminal) std::cout << "\033[H\033[2J";
    if (watch) std::cout << format_timestamp(now) << '\n';
    print_table(std::cout, table);
    notes.print(std::cout);
    std::cout << std::flush;
    if (!watch) return look.failures.empty() && std::cout ? exit_ok : exit_failure;
    if (!std::cout || ended_within(settings.poll_interval)) return exit_ok;
  }
}

int show_buffer(const std::string& config) {
  const AgentSettings settings = load_agent_settings(config);
  const std::string& path = settings.buffer.path;
  int exit_code = exit_ok;
  try {
    const BufferSummary summary = summarise_buffer(path);
    std::cout << fmt::format(
        "buffer   {}\nrows     {}\noldest   {}\nnewest   {}\nbytes    {} ({} of {})\ndropped  {}\n", path, summary.rows,
        summary.oldest ? format_timestamp(*summary.oldest) : "-",
        summary.newest ? format_timestamp(*summary.newest) : "-", summary.bytes, readable_size(summary.bytes),
        readable_size(settings.buffer.max_size), summary.dropped);
  } catch (const SqliteError& error) {
    std::cerr << error.what() << '\n';
    std::cout << fmt::format("buffer   {}\n", path);
    if (error.corrupt()) {
      std::cout << fmt::format("damaged  {}; the agent sets it aside and reads them back\n", readable_in(path));
    }
    exit_code = exit_failure;
  } catch (const std::runtime_error& error) {
    std::cerr << error.what() << '\n';
    exit_code = exit_failure;
  }
  for (const BufferAside& aside : buffers_aside(path)) {
    std::cout << fmt::format("aside    {}: {}; {}\n", aside.file, readable_in(aside.file),
                             aside.was_read_back ? "they were read back" : "they wait to be read back");
  }
  return exit_code;
}

}  // namespace webmacs
