// webmacs-agent: polls Modbus devices, buffers, streams to the hub (configuration contract).

#include "agent/commands.h"
#include "agent/enroll.h"
#include "agent/scan.h"
#include "common/ini.h"
#include "common/log.h"
#include "common/program.h"
#include "common/signals.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <iostream>

namespace webmacs {

namespace {

int run(int argc, char** argv) {
  std::string config;
  std::string log_level = "info";
  bool watch = false;
  bool strict = false;
  std::function<int()> verb = [&] { return run_agent(config); };

  CLI::App app("WebMACS agent: polls Modbus devices, buffers what it reads and streams it to the hub", "webmacs-agent");
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", WEBMACS_VERSION);
  const auto add_log_level = [&](CLI::App& to) {
    to.add_option("--log-level", log_level, "debug, info, warning or error")
        ->capture_default_str()
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  };
  const auto add_common = [&](CLI::App& to) {
    to.add_option("--config", config, "the rig file, e.g. /etc/webmacs/rigs/rig1.ini");
    add_log_level(to);
  };
  add_common(app);
  const auto add_verb = [&](const char* name, const char* help, std::function<int()> action) {
    CLI::App* added = app.add_subcommand(name, help);
    added->set_version_flag("--version", WEBMACS_VERSION);
    add_common(*added);
    added->callback([&verb, action = std::move(action)] { verb = action; });
    return added;
  };
  add_verb("run", "poll, buffer, stream (the default)", [&] { return run_agent(config); });
  add_verb("check", "validate the rig file; print devices, events and the planned requests; touch nothing", [&] {
    return check_rig(config, strict);
  })->add_flag("--strict", strict, "what is warned of is a mistake, too");
  add_verb("read", "poll every event once and print a table: raw registers, value, unit, quality", [&] {
    return read_rig(config, watch);
  })->add_flag("--watch", watch, "again and again, until Ctrl-C");
  add_verb("buffer", "what waits in the local buffer: rows, oldest, bytes, dropped",
           [&] { return show_buffer(config); });

  EnrollArguments enrolled;
  CLI::App* enrolling = add_verb("enroll", "get the rig's token with a one-time code, and write its token file", [&] {
    enrolled.config = config;
    return enroll(enrolled);
  });
  enrolling->add_option("--hub", enrolled.hub, "the hub's address, https://hub.lab; default: the rig file's");
  enrolling->add_option("--code", enrolled.code, "of `webmacs-server token enroll NAME`")->required();

  ScanArguments scan;
  std::string timeout = "500ms";
  CLI::App* scanning = app.add_subcommand("scan",
                                          "find out what is on a line: which units answer, which registers can be "
                                          "read,\nand the orders in which they make a plausible float32");
  scanning->set_version_flag("--version", WEBMACS_VERSION);
  add_log_level(*scanning);
  scanning->add_option("--host", scan.host, "Modbus TCP: a name or address, and a port if it is not 502")
      ->type_name("HOST[:PORT]");
  scanning->add_option("--serial", scan.serial, "Modbus RTU: a serial port; 19200:8E1 unless said otherwise")
      ->type_name("PORT[:BAUD:8N1]");
  scanning->add_option("--units", scan.units, "one unit or a range")->type_name("A-B")->capture_default_str();
  scanning->add_option("--timeout", timeout, "how long to wait for a reply, 10ms to 60s")
      ->type_name("DURATION")
      ->capture_default_str();

  try {
    app.parse(argc, argv);
    if (!scanning->parsed() && config.empty()) throw CLI::RequiredError("--config");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  }
  set_log_level(log_level);
  if (!scanning->parsed()) return verb();
  const auto waits = parse_duration_with_unit(timeout);
  if (!waits || *waits < std::chrono::milliseconds(10) || *waits > std::chrono::seconds(60)) {
    std::cerr << "webmacs-agent: --timeout: '" << timeout << "' is no duration with its unit (10ms to 60s)\n";
    return exit_usage;
  }
  scan.timeout = *waits;
  std::string mistake;
  const auto target = parse_scan_target(scan, mistake);
  if (target) return scan_line(*target);
  std::cerr << "webmacs-agent: " << mistake << '\n';
  return exit_usage;
}

}  // namespace

}  // namespace webmacs

int main(int argc, char** argv) {
  webmacs::block_signals();
  return webmacs::run_program([&] { return webmacs::run(argc, argv); });
}
