#pragma once
// How a simulated device misbehaves, on purpose and by chance.

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

enum class Fault {
  late,               // the right reply, so many of the device's timeouts after its request: 1.5 unless said otherwise
  drop,               // no reply
  truncate,           // the reply without its end
  short_read,         // fewer registers than asked for, as a success
  extra,              // two bytes more than the reply's length says
  leading,            // a zero byte before the reply
  trailing,           // a zero byte behind it
  wrong_transaction,  // the reply to another request
  wrong_unit,
  wrong_function,
  wrong_checksum,  // where there is none, on TCP, the same as drop
  exception,       // of the chance's code
  disconnect,      // on a serial line, where there is nothing to close, the same as drop
  dribble,         // the right reply, byte by byte, over three of the device's timeouts
  holes            // not by request but by register: so many of them are refused with exception 2, always the same ones
};

struct FaultChance {
  Fault fault;
  double probability;       // 0 … 1, of each request (holes: of each register)
  int exception = 0;        // with `exception`: its code
  double least_late = 1.5;  // with `late`: in timeouts
  double most_late = 1.5;
};

std::string fault_names();  // "late, drop, …", for messages

// "late:0.1", "late:0.01:0.5-10", "exception4:0.1". Empty when it is not that, and `mistake` says what is wrong and
// what is allowed.
std::optional<FaultChance> parse_fault(std::string_view text, std::string& mistake);

// One throw of the dice for each request. Network thread only.
class FaultDice {
 public:
  explicit FaultDice(const std::vector<FaultChance>& chances) {
    for (const FaultChance& chance : chances) set(chance);
  }
  // Replaces the chance of that fault (each exception is one of its own); 0 ends it.
  void set(const FaultChance& chance);
  void clear();

  struct Thrown {
    Fault fault;
    int exception;
    double late;  // timeouts
  };
  std::optional<Thrown> roll();  // never `holes`
  // Whether a register of [first, end) is a hole. The same registers are holes of all simulators and at all times.
  bool hole_in(int unit, int kind, int first, int end) const;

 private:
  std::vector<FaultChance> chances_;
  double holes_ = 0;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace webmacs
