// webmacs-sim: a simulated rig, to try a rig file before its hardware exists.

#include "common/log.h"
#include "common/program.h"
#include "common/signals.h"
#include "hardware/simulator/rig_file.h"
#include "hardware/simulator/simulator.h"

#include <CLI/CLI.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <unistd.h>

namespace {

using namespace webmacs;

struct Arguments {
  std::string config;
  std::string local;
  std::vector<std::string> faults;
  std::string log_level = "info";
  bool counter = false;
  bool identify = false;
  SimulatorOptions options;
};

constexpr const char* description =
    "webmacs-sim - serves the Modbus registers that a rig file describes, with plausible signals:\n"
    "at the addresses that the file names, or with --local on loopback. A serial line becomes a\n"
    "pty: at the path that the file names (as a symbolic link), or with --local at its own.\n\n"
    "Commands on standard input, one a line: KIND:PROBABILITY as with --fault (0 ends it),\n"
    "none (ends all faults), unit N off and unit N on (that unit falls silent, or answers again),\n"
    "device NAME:OPTION=VALUE as with --device, write N holding:100 0x8000 (to a register of unit N).";

void describe(CLI::App& app, Arguments& arguments) {
  app.set_version_flag("--version", std::string("webmacs-sim ") + WEBMACS_VERSION);
  app.add_option("--config", arguments.config, "the rig file; only its devices and events are read")
      ->required()
      ->type_name("RIG.ini");
  app.add_option("--local", arguments.local,
                 "serve on loopback and free ports; OUT.ini is the rig file pointing there,\n"
                 "and appears when the ports are open")
      ->type_name("OUT.ini");
  app.add_option("--fault", arguments.faults,
                 "misbehave with this probability (0 to 1) of each request; may be repeated.\nholes: of each register, "
                 "always the same ones. late:P:A-B is A to B timeouts late. Kinds: " +
                     fault_names())
      ->type_name("KIND:PROBABILITY")
      ->allow_extra_args(false);
  app.add_option("--device", arguments.options.quirks,
                 "what a device, or its line, always does; may be repeated:" + quirk_help())
      ->type_name("DEVICE:OPTION=VALUE")
      ->allow_extra_args(false);
  app.add_flag("--counter", arguments.counter,
               "no signals: each number counts the reads of its event, 1, 2, 3, ..., and wraps\n"
               "where its type ends; a bool alternates. A missing poll shows as a missing number");
  app.add_flag("--identify", arguments.identify,
               "no signals: each number carries its own unit, kind and address, a count of its\n"
               "reads and whether a fault spoilt its reply, for tests (see identity.h)");
  app.add_option("--journal", arguments.options.journal,
                 "append a line per event value of each answered read (those spoilt by --fault\n"
                 "left out): \"<utc microseconds> <event_public_id> <value>\"")
      ->type_name("FILE");
  app.add_option("--log-level", arguments.log_level, "debug, info, warning or error")->type_name("LEVEL");
}

// What CLI11 cannot see. Empty when all is well.
std::string check(Arguments& arguments) {
  if (!set_log_level(arguments.log_level)) {
    return "--log-level " + arguments.log_level + ": unknown (debug, info, warning, error)";
  }
  for (const std::string& text : arguments.faults) {
    std::string mistake;
    const auto fault = parse_fault(text, mistake);
    if (!fault) return mistake;
    arguments.options.faults.push_back(*fault);
  }
  arguments.options.local = !arguments.local.empty();
  std::error_code not_there;
  if (arguments.options.local && std::filesystem::equivalent(arguments.local, arguments.config, not_there)) {
    return "--local " + arguments.local + ": this is the file that --config names; name another one to be written";
  }
  if (arguments.counter && arguments.identify) return "--counter and --identify: one of the two";
  if (arguments.counter) arguments.options.shows = SimulatedUnit::Shows::counter;
  if (arguments.identify) arguments.options.shows = SimulatedUnit::Shows::identity;
  return "";
}

// Reads commands from standard input while it lasts.
class CommandReader {
 public:
  CommandReader(boost::asio::io_context& io, Simulator& simulator) : input_(io), simulator_(simulator) {
    const int copy = ::dup(STDIN_FILENO);
    if (copy < 0) return;
    boost::system::error_code error;
    input_.assign(copy, error);
    if (error) {
      ::close(copy);
      return;
    }
    read();
  }

 private:
  void read() {
    boost::asio::async_read_until(input_, boost::asio::dynamic_buffer(text_, longest_line), '\n',
                                  [this](boost::system::error_code error, std::size_t size) {
                                    if (error) return;
                                    obey(text_.substr(0, size - 1));
                                    text_.erase(0, size);
                                    read();
                                  });
  }
  void obey(const std::string& line) {
    std::string answer;
    if (simulator_.command(line, answer)) {
      log_info("command: {}", answer);
    } else {
      log_warning("command refused: {}", answer);
    }
  }

  static constexpr std::size_t longest_line = 1000;
  boost::asio::posix::stream_descriptor input_;
  Simulator& simulator_;
  std::string text_;
};

int serve(const Arguments& arguments) {
  const std::string text = read_rig_file(arguments.config);
  const RigSettings rig = parse_rig_file(text, arguments.config);
  // Left over from an earlier run it would say "ready" too soon.
  if (arguments.options.local) std::remove(arguments.local.c_str());
  boost::asio::io_context io(1);
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&io](const boost::system::error_code& error, int) {
    if (!error) io.stop();
  });
  Simulator simulator(io, rig, arguments.options);
  if (arguments.options.local) {
    write_file_atomically(arguments.local, redirected_rig_file(text, rig, simulator.addresses()));
    log_info("{} points there", arguments.local);
  }
  const CommandReader commands(io, simulator);
  unblock_service_signals();
  io.run();
  log_info("stopped after {} request(s), {} of them spoilt", simulator.requests(), simulator.faults());
  return exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  block_signals();
  Arguments arguments;
  CLI::App app(description, "webmacs-sim");
  describe(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  }
  if (const std::string mistake = check(arguments); !mistake.empty()) {
    std::cerr << "webmacs-sim: " << mistake << '\n';
    return exit_usage;
  }
  return run_program([&]() -> int {
    try {
      return serve(arguments);
    } catch (const std::invalid_argument& error) {  // a device that the rig file does not have
      std::cerr << "webmacs-sim: --" << error.what() << '\n';
      return exit_usage;
    }
  });
}
