#pragma once
// The registers of one simulated Modbus unit and what it answers (MODBUS Application Protocol V1.1b3). Only registers
// that the rig file describes exist. What is written to a register stays there and replaces its signal.

#include "hardware/rig_settings.h"
#include "hardware/simulator/signal.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace webmacs {

// Function and data, without unit and framing.
struct Pdu {
  std::array<std::uint8_t, 253> bytes;
  std::size_t size = 0;
};

Pdu exception_pdu(std::uint8_t function, std::uint8_t code);

class SimulatedUnit {
 public:
  enum class Shows {
    signals,
    counter,  // each value counts its reads
    identity  // each value says what it is (identity.h)
  };
  SimulatedUnit(const DeviceSettings& device, const std::vector<EventSettings>& events, Shows shows);

  // `size` >= 1. `seconds` is the time that the signals follow; `spoilt`: the reply will not arrive as it should, and
  // an identity says so.
  Pdu answer(const std::uint8_t* request, std::size_t size, double seconds, bool spoilt = false);

  // Writes to a register of any kind. False when it does not exist.
  bool write(const RegisterPlace& place, std::uint16_t word);

  // The values that the last answer delivered whole, as its registers read.
  struct Served {
    const std::string* event_public_id;
    double value;
  };
  const std::vector<Served>& served() const { return served_; }

  std::size_t events() const { return events_; }

 private:
  struct Value {
    std::string event_public_id;
    Register where;
    Signal signal;
    std::uint64_t count = 0;  // of its reads; of an identity
  };
  struct Bank {  // the registers of one kind, up to the last one described
    std::vector<std::uint16_t> words;
    std::vector<bool> described;
    std::vector<bool> written;
    std::vector<Value> values;  // ordered by address
  };

  Bank& bank(RegisterKind kind) { return banks_[static_cast<std::size_t>(kind)]; }
  Pdu read(RegisterKind kind, const std::uint8_t* request, std::size_t size, double seconds);
  Pdu write_one(RegisterKind kind, const std::uint8_t* request, std::size_t size);
  Pdu write_many(RegisterKind kind, const std::uint8_t* request, std::size_t size);
  double shown(const Value& value, double seconds) const;
  void refresh(Bank& bank, int first, int end, double seconds);

  std::array<Bank, 4> banks_;
  const int unit_;
  const Shows shows_;
  bool spoilt_ = false;  // the reply being made
  std::size_t events_ = 0;
  std::vector<Served> served_;
};

}  // namespace webmacs
