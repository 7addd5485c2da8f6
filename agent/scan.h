#pragma once
// `webmacs-agent scan`: for a person in front of an unknown device. Which units of a line answer, which of their
// registers can be read, and in which word orders neighbouring registers make a plausible float32.

#include "hardware/modbus_line.h"
#include "hardware/rig_settings.h"

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace webmacs {

struct ScanArguments {  // as on the command line; empty: not given
  std::string host;     // HOST[:PORT], [V6]:PORT
  std::string serial;   // PORT[:BAUD[:8N1]]
  std::string units = "1-247";
  std::chrono::microseconds timeout = std::chrono::milliseconds(500);  // for each reply
};

struct ScanTarget {
  DeviceSettings device;  // its line and timeout
  int first_unit = 1;
  int last_unit = 247;
};

// Empty when the arguments are wrong, and `mistake` says what is allowed.
std::optional<ScanTarget> parse_scan_target(const ScanArguments& arguments, std::string& mistake);

struct RegisterRange {
  RegisterKind kind;
  int first;
  std::vector<std::uint16_t> words;  // what they held; one 0/1 word per bit
  int end() const { return first + static_cast<int>(words.size()); }
};

struct ScannedUnit {
  int unit = 0;
  std::vector<RegisterRange> ranges;  // by kind and address
  std::vector<std::string> notes;     // what a person should know: "input: no such function", …
};

struct ScanWatch {
  std::function<void(const std::string&)> progress;  // a line that replaces the one before
  std::function<bool()> stopped;                     // asked before every request
};

// Looks at every address below `dense_end`, beyond that at round ones (multiples of 100 and 256) and, where one reads,
// at what lies around it.
class Scanner {
 public:
  static constexpr int dense_end = 1000;

  Scanner(const ScanTarget& target, ScanWatch watch);

  // The units that answer, if only with an exception. Throws std::runtime_error when the line cannot be opened.
  std::vector<int> find_units();
  ScannedUnit map_unit(int unit);
  bool stopped() const { return watch_.stopped(); }

 private:
  enum class Answer { good, refused, silent, unsupported };

  struct Probe;  // the reading of one kind of one unit

  ReadOutcome read(const ReadRequest& request);
  Answer ask(Probe& probe, int address, int count);
  void sweep(Probe& probe, int first, int end, bool until_hole);
  void grow_down(Probe& probe, int address);
  void sample(Probe& probe);
  void refresh(const Probe& probe, RegisterRange& range);
  void map_kind(ScannedUnit& found, RegisterKind kind);

  const ScanTarget target_;
  const ScanWatch watch_;
  const std::shared_ptr<ModbusLine> line_;
  std::vector<std::uint16_t> words_;  // of the last good reply
};

// How one neighbouring pair of registers reads as a float32, by ByteOrder; empty where that is not plausible: not a
// number, zero, or further from 1 than physical quantities lie (1e-4 … 1e7).
struct FloatGuess {
  int address = 0;
  std::array<std::optional<double>, 4> values;
};

// The pairs of a holding or input range that are plausible in some order. Of the two ways to pair the registers up, the
// one that explains more of them.
std::vector<FloatGuess> guess_floats(const RegisterRange& range);

// The whole verb: prints its findings on standard output, progress on standard error when that is a terminal; until
// SIGINT or SIGTERM (every signal must be blocked). Answers the exit code.
int scan_line(const ScanTarget& target);

}  // namespace webmacs
