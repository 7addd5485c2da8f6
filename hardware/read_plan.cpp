#include "hardware/read_plan.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace webmacs {
namespace {

constexpr int most_bits = 2000;  // of one request (MODBUS Application Protocol V1.1b3, 6.1)

bool same_span(const Register& a, const Register& b) {
  return a.first() == b.first() && a.end() == b.end();
}

PlannedRead read_of(const std::vector<Register>& registers, const std::size_t* first, const std::size_t* last) {
  PlannedRead read;
  read.kind = registers[*first].kind;
  read.address = registers[*first].first();
  read.values.assign(first, last);
  for (const std::size_t value : read.values) {
    read.count = std::max(read.count, registers[value].end() - read.address);
  }
  return read;
}

}  // namespace

int longest_read(RegisterKind kind, int max_registers) {
  return is_bits(kind) ? std::min(16 * max_registers, most_bits) : max_registers;
}

void ReadHoles::add(RegisterKind kind, int first, int end) {
  if (!covered(kind, first, end)) holes_.push_back({kind, first, end});
}

bool ReadHoles::covered(RegisterKind kind, int first, int end) const {
  return std::any_of(holes_.begin(), holes_.end(),
                     [&](const Hole& hole) { return hole.kind == kind && first <= hole.first && hole.end <= end; });
}

void ReadHoles::remove(RegisterKind kind, int first, int end) {
  const auto same = [&](const Hole& hole) { return hole.kind == kind && hole.first == first && hole.end == end; };
  holes_.erase(std::remove_if(holes_.begin(), holes_.end(), same), holes_.end());
}

std::vector<PlannedRead> plan_reads(const std::vector<Register>& registers, const ReadLimits& limits,
                                    const ReadHoles& holes) {
  std::vector<std::size_t> order(registers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto key = [&](std::size_t i) {
      return std::tuple(registers[i].kind, registers[i].first(), registers[i].end());
    };
    return key(a) < key(b);
  });

  std::vector<PlannedRead> plan;
  for (const std::size_t value : order) {
    const Register& where = registers[value];
    if (!plan.empty() && plan.back().kind == where.kind) {
      PlannedRead& read = plan.back();
      const int end = std::max(read.end(), where.end());
      // A read of the same registers is merged even where they are a hole: the answer is the same for both.
      const bool same = same_span(registers[read.values.front()], where) && end == read.end();
      if (same || (where.first() - read.end() <= limits.max_gap &&
                   end - read.address <= longest_read(where.kind, limits.max_registers) &&
                   !holes.covered(where.kind, read.address, end))) {
        read.count = end - read.address;
        read.values.push_back(value);
        continue;
      }
    }
    plan.push_back({where.kind, where.first(), where.end() - where.first(), {value}});
  }
  return plan;
}

bool split_read(const std::vector<Register>& registers, const PlannedRead& read, PlannedRead& left,
                PlannedRead& right) {
  const std::size_t size = read.values.size();
  const std::size_t middle = size / 2;
  // The nearest place to the middle where the registers change; sorted, so equal spans stand together.
  for (std::size_t distance = 0; distance <= middle; ++distance) {
    for (const std::size_t at : {middle - distance, middle + distance}) {
      if (at == 0 || at >= size || same_span(registers[read.values[at - 1]], registers[read.values[at]])) continue;
      const std::size_t* values = read.values.data();
      left = read_of(registers, values, values + at);
      right = read_of(registers, values + at, values + size);
      return true;
    }
  }
  return false;
}

RegisterSpan seam_between(const PlannedRead& left, const PlannedRead& right) {
  if (right.address >= left.end()) return {left.kind, left.end() - 1, right.address + 1};
  return {left.kind, left.address, std::max(left.end(), right.end())};
}

}  // namespace webmacs
