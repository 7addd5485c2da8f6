#include "hardware/simulator/simulated_unit.h"

#include "hardware/exception_code.h"
#include "hardware/register_codec.h"
#include "hardware/simulator/identity.h"

#include <algorithm>
#include <chrono>

namespace webmacs {
namespace {

enum Function : std::uint8_t {
  read_coils = 1,
  read_discrete_inputs = 2,
  read_holding_registers = 3,
  read_input_registers = 4,
  write_coil = 5,
  write_register = 6,
  write_coils = 15,
  write_registers = 16
};

int word_at(const std::uint8_t* bytes) {
  return bytes[0] << 8 | bytes[1];
}

void append(Pdu& pdu, int byte) {
  pdu.bytes[pdu.size++] = static_cast<std::uint8_t>(byte);
}

// A write is answered with the start of its request.
Pdu echo(const std::uint8_t* request) {
  Pdu pdu;
  for (int i = 0; i < 5; ++i) append(pdu, request[i]);
  return pdu;
}

bool all_described(const std::vector<bool>& described, int first, int end) {
  if (end > static_cast<int>(described.size())) return false;
  return std::all_of(described.begin() + first, described.begin() + end, [](bool here) { return here; });
}

// Makes the status register say that the value is valid, where anything in it can say so.
void say_valid(const StatusRegister& status, std::uint16_t& word) {
  const auto is_bad = [&](int content) {
    return std::find(status.bad.begin(), status.bad.end(), content) != status.bad.end();
  };
  if (status.bit < 0) {
    for (word = 0; is_bad(word) && word < 0xFFFF; ++word) continue;
  } else if (!is_bad(1) && is_bad(0)) {
    word = static_cast<std::uint16_t>(word | 1 << status.bit);
  }
}

}  // namespace

Pdu exception_pdu(std::uint8_t function, std::uint8_t code) {
  Pdu pdu;
  append(pdu, function | 0x80);
  append(pdu, code);
  return pdu;
}

SimulatedUnit::SimulatedUnit(const DeviceSettings& device, const std::vector<EventSettings>& events, Shows shows)
    : unit_(device.unit), shows_(shows) {
  for (const EventSettings& event : events) {
    if (event.device != device.name) continue;
    Bank& kept = bank(event.where.kind);
    const auto end = static_cast<std::size_t>(event.where.end());
    if (kept.words.size() < end) {
      kept.words.resize(end);
      kept.described.resize(end);
      kept.written.resize(end);
    }
    // All that one request for it must cover can be read.
    std::fill(kept.described.begin() + event.where.first(), kept.described.begin() + event.where.end(), true);
    if (event.where.bad_when) say_valid(*event.where.bad_when, kept.words[event.where.bad_when->address]);
    kept.values.push_back({event.event_public_id, event.where, Signal(event)});
    ++events_;
  }
  for (Bank& kept : banks_) {
    std::stable_sort(kept.values.begin(), kept.values.end(),
                     [](const Value& a, const Value& b) { return a.where.address < b.where.address; });
  }
}

Pdu SimulatedUnit::answer(const std::uint8_t* request, std::size_t size, double seconds, bool spoilt) {
  served_.clear();
  spoilt_ = spoilt;
  switch (request[0]) {
    case read_coils:
      return read(RegisterKind::coil, request, size, seconds);
    case read_discrete_inputs:
      return read(RegisterKind::discrete, request, size, seconds);
    case read_holding_registers:
      return read(RegisterKind::holding, request, size, seconds);
    case read_input_registers:
      return read(RegisterKind::input, request, size, seconds);
    case write_coil:
      return write_one(RegisterKind::coil, request, size);
    case write_register:
      return write_one(RegisterKind::holding, request, size);
    case write_coils:
      return write_many(RegisterKind::coil, request, size);
    case write_registers:
      return write_many(RegisterKind::holding, request, size);
    default:
      return exception_pdu(request[0], illegal_function);
  }
}

Pdu SimulatedUnit::read(RegisterKind kind, const std::uint8_t* request, std::size_t size, double seconds) {
  if (size != 5) return exception_pdu(request[0], illegal_value);
  const int first = word_at(request + 1);
  const int count = word_at(request + 3);
  if (count < 1 || count > (is_bits(kind) ? 2000 : 125)) return exception_pdu(request[0], illegal_value);
  Bank& kept = bank(kind);
  if (!all_described(kept.described, first, first + count)) return exception_pdu(request[0], illegal_address);
  refresh(kept, first, first + count, seconds);

  Pdu reply;
  append(reply, request[0]);
  append(reply, is_bits(kind) ? (count + 7) / 8 : 2 * count);
  if (!is_bits(kind)) {
    for (int i = first; i < first + count; ++i) {
      append(reply, kept.words[static_cast<std::size_t>(i)] >> 8);
      append(reply, kept.words[static_cast<std::size_t>(i)]);
    }
    return reply;
  }
  for (int start = first; start < first + count; start += 8) {
    int byte = 0;
    for (int i = start; i < std::min(start + 8, first + count); ++i) {
      byte |= (kept.words[static_cast<std::size_t>(i)] != 0 ? 1 : 0) << (i - start);
    }
    append(reply, byte);
  }
  return reply;
}

// Brings the values in [first, end) up to date and notes those that lie in it whole. Overlapping values are written
// first and read back after, so that what is noted is what the registers say.
void SimulatedUnit::refresh(Bank& kept, int first, int end, double seconds) {
  const auto inside = [&](const Value& value) {
    return value.where.address >= first && value.where.address + value.where.count() <= end;
  };
  const auto begin = std::lower_bound(kept.values.begin(), kept.values.end(), first,
                                      [](const Value& value, int address) { return value.where.address < address; });
  for (auto value = begin; value != kept.values.end() && value->where.address < end; ++value) {
    if (!inside(*value)) continue;
    value->count = shows_ == Shows::identity
                       ? next_count(value->where.type, value->count, std::chrono::steady_clock::now())
                       : value->count + 1;
    const auto written = kept.written.begin() + value->where.address;
    if (std::any_of(written, written + value->where.count(), [](bool here) { return here; })) continue;
    encode_value(value->where, shown(*value, seconds), kept.words.data() + value->where.address);
  }
  for (auto value = begin; value != kept.values.end() && value->where.address < end; ++value) {
    if (value->where.first() < first || value->where.end() > end) continue;
    const Decoded shown = decode_reading(value->where, kept.words.data() + value->where.first());
    if (shown.value) served_.push_back({&value->event_public_id, *shown.value});
  }
}

double SimulatedUnit::shown(const Value& value, double seconds) const {
  switch (shows_) {
    case Shows::signals:
      break;
    case Shows::counter:
      return counter_value(value.where, value.count);
    case Shows::identity:
      return scaled(value.where, identity_value(value.where, {unit_, spoilt_, value.count}));
  }
  return value.signal.at(seconds);
}

bool SimulatedUnit::write(const RegisterPlace& place, std::uint16_t word) {
  Bank& kept = bank(place.kind);
  if (!all_described(kept.described, place.address, place.address + 1)) return false;
  const auto at = static_cast<std::size_t>(place.address);
  kept.words[at] = word;
  kept.written[at] = true;
  return true;
}

Pdu SimulatedUnit::write_one(RegisterKind kind, const std::uint8_t* request, std::size_t size) {
  if (size != 5) return exception_pdu(request[0], illegal_value);
  const int address = word_at(request + 1);
  const int value = word_at(request + 3);
  if (is_bits(kind) && value != 0 && value != 0xFF00) return exception_pdu(request[0], illegal_value);
  const auto word = static_cast<std::uint16_t>(is_bits(kind) ? (value != 0 ? 1 : 0) : value);
  if (!write({kind, address}, word)) return exception_pdu(request[0], illegal_address);
  return echo(request);
}

Pdu SimulatedUnit::write_many(RegisterKind kind, const std::uint8_t* request, std::size_t size) {
  if (size < 6) return exception_pdu(request[0], illegal_value);
  const int first = word_at(request + 1);
  const int count = word_at(request + 3);
  const int bytes = is_bits(kind) ? (count + 7) / 8 : 2 * count;
  const bool fits = count >= 1 && count <= (is_bits(kind) ? 1968 : 123) && request[5] == bytes &&
                    size == 6 + static_cast<std::size_t>(bytes);
  if (!fits) return exception_pdu(request[0], illegal_value);
  Bank& kept = bank(kind);
  if (!all_described(kept.described, first, first + count)) return exception_pdu(request[0], illegal_address);
  for (int i = 0; i < count; ++i) {
    const std::uint8_t* data = request + 6;
    const auto at = static_cast<std::size_t>(first) + static_cast<std::size_t>(i);
    kept.words[at] = static_cast<std::uint16_t>(is_bits(kind) ? data[i / 8] >> (i % 8) & 1 : word_at(data + 2 * i));
    kept.written[at] = true;
  }
  return echo(request);
}

}  // namespace webmacs
