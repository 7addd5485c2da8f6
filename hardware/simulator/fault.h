#pragma once
// How a simulated device misbehaves, on purpose and by chance.

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

enum class Fault {
  late,               // the right reply, after one and a half of the device's timeouts
  drop,               // no reply
  truncate,           // the reply without its end
  extra,              // two bytes more than the reply's length says
  wrong_transaction,  // the reply to another request
  wrong_unit,
  wrong_function,
  exception2,
  busy,  // exception 6
  disconnect,
  dribble  // the right reply, byte by byte, over three of the device's timeouts
};

struct FaultChance {
  Fault fault;
  double probability;  // 0 … 1, of each request
};

std::string fault_names();  // "late, drop, …", for messages

// "late:0.1". Empty when it is not that, and `mistake` says what is wrong and what is allowed.
std::optional<FaultChance> parse_fault(std::string_view text, std::string& mistake);

// One throw of the dice for each request.
class FaultDice {
 public:
  explicit FaultDice(std::vector<FaultChance> chances) : chances_(std::move(chances)) {}
  std::optional<Fault> roll();

 private:
  const std::vector<FaultChance> chances_;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace webmacs
