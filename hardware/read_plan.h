#pragma once
// Merges the values that are due into the fewest read requests. Pure; used by one device on its line's thread.

#include "hardware/register.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace webmacs {

// How many registers, or bits, of that kind one request may read: 16 times as many bits, at most 2000.
int longest_read(RegisterKind kind, int max_registers);

// Of one request.
struct ReadLimits {
  int max_registers = 125;  // as of longest_read
  int max_gap = 16;         // unused registers (or bits) that a request may span between two values
};

// What a unit refused with an illegal address, so that it is not asked again. Valid for one connection.
class ReadHoles {
 public:
  // No request may cover all of [first, end) any more.
  void add(RegisterKind kind, int first, int end);
  bool covered(RegisterKind kind, int first, int end) const;
  // Takes back exactly that hole.
  void remove(RegisterKind kind, int first, int end);
  void clear() { holes_.clear(); }
  std::size_t size() const { return holes_.size(); }

 private:
  struct Hole {
    RegisterKind kind;
    int first;
    int end;
  };
  std::vector<Hole> holes_;
};

// One request: [address, address + count) of one kind.
struct PlannedRead {
  RegisterKind kind = RegisterKind::holding;
  int address = 0;
  int count = 0;
  std::vector<std::size_t> values{};  // indices into the planned registers, ordered by address

  int end() const { return address + count; }
};

// Every index of `registers` stands in exactly one request, which covers the value whole. A value that is a hole by
// itself still gets a request of its own: whether to send it is the caller's decision.
std::vector<PlannedRead> plan_reads(const std::vector<Register>& registers, const ReadLimits& limits,
                                    const ReadHoles& holes);

// Halves a request that the unit refused, between two different values and as near to the middle as can be. False when
// all its values are the same registers: then those are the hole.
bool split_read(const std::vector<Register>& registers, const PlannedRead& read, PlannedRead& left, PlannedRead& right);

struct RegisterSpan {  // [first, end) of one kind
  RegisterKind kind = RegisterKind::holding;
  int first = 0;
  int end = 0;
};

// What is learnt when `left` and `right` were read well but their union was refused: the hole that keeps them apart.
RegisterSpan seam_between(const PlannedRead& left, const PlannedRead& right);

}  // namespace webmacs
