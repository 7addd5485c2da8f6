// Any set of registers, limits and known holes gives a plan that covers each value once and whole, in requests that
// keep the limits and span no hole, none of which could have been left out; and a refused request is halved so that the
// halves can be told apart for good.

#include "hardware/read_plan.h"
#include "property.h"
#include "register_input.h"

#include <algorithm>
#include <vector>

using namespace webmacs;

namespace {

int end_of(const PlannedRead& read) {
  return read.address + read.count;
}

bool same_span(const Register& a, const Register& b) {
  return a.first() == b.first() && a.end() == b.end();
}

// Not further away than one request reaches: rig_settings refuses that, too.
void put_status_beside(Register& where, int distance, const ReadLimits& limits) {
  const int address = std::clamp(where.address + distance, 0, 65535);
  where.bad_when = StatusRegister{static_cast<std::uint16_t>(address), -1, {1}};
  if (where.end() - where.first() > longest_read(where.kind, limits.max_registers)) where.bad_when.reset();
}

void check_read(const std::vector<Register>& registers, const ReadLimits& limits, const ReadHoles& holes,
                const PlannedRead& read) {
  WEBMACS_PROPERTY(!read.values.empty() && read.address + read.count <= 65536);
  WEBMACS_PROPERTY(read.count <= longest_read(read.kind, limits.max_registers));
  int covered = read.address;
  bool one_span = true;
  for (const std::size_t value : read.values) {
    const Register& where = registers[value];
    WEBMACS_PROPERTY(where.kind == read.kind && where.first() >= read.address && where.end() <= end_of(read));
    WEBMACS_PROPERTY(where.first() - covered <= limits.max_gap);
    covered = std::max(covered, where.end());
    one_span = one_span && same_span(where, registers[read.values.front()]);
  }
  WEBMACS_PROPERTY(covered == end_of(read));
  WEBMACS_PROPERTY(one_span || !holes.covered(read.kind, read.address, end_of(read)));
}

// Each request ends where the next value could not have been added.
void check_fewest(const std::vector<Register>& registers, const ReadLimits& limits, const ReadHoles& holes,
                  const PlannedRead& read, const PlannedRead& next) {
  WEBMACS_PROPERTY(read.kind <= next.kind);
  if (read.kind != next.kind) return;
  WEBMACS_PROPERTY(read.address <= next.address);
  const int end = std::max(end_of(read), registers[next.values.front()].end());
  WEBMACS_PROPERTY(next.address - end_of(read) > limits.max_gap ||
                   end - read.address > longest_read(read.kind, limits.max_registers) ||
                   holes.covered(read.kind, read.address, end));
}

void check_halves(const std::vector<Register>& registers, const ReadLimits& limits, const PlannedRead& read) {
  PlannedRead left;
  PlannedRead right;
  if (!split_read(registers, read, left, right)) {
    for (const std::size_t value : read.values) {
      WEBMACS_PROPERTY(same_span(registers[value], registers[read.values.front()]));
    }
    return;
  }
  // What lies between two values of a half may be used by a long one of the other half.
  const ReadLimits any_gap{limits.max_registers, 65535};
  check_read(registers, any_gap, {}, left);
  check_read(registers, any_gap, {}, right);
  std::vector<std::size_t> both = left.values;
  both.insert(both.end(), right.values.begin(), right.values.end());
  WEBMACS_PROPERTY(both == read.values);
  WEBMACS_PROPERTY(end_of(left) <= end_of(read) && end_of(right) <= end_of(read));

  ReadHoles holes;
  const RegisterSpan seam = seam_between(left, right);
  holes.add(seam.kind, seam.first, seam.end);
  WEBMACS_PROPERTY(holes.covered(read.kind, left.address, std::max(end_of(left), end_of(right))));
  holes.remove(seam.kind, seam.first, seam.end);
  WEBMACS_PROPERTY(holes.size() == 0);
}

void check_plan(const std::vector<Register>& registers, const ReadLimits& limits, const ReadHoles& holes) {
  std::vector<int> times(registers.size());
  const std::vector<PlannedRead> plan = plan_reads(registers, limits, holes);
  for (std::size_t i = 0; i < plan.size(); ++i) {
    check_read(registers, limits, holes, plan[i]);
    check_halves(registers, limits, plan[i]);
    if (i > 0) check_fewest(registers, limits, holes, plan[i - 1], plan[i]);
    for (const std::size_t value : plan[i].values) ++times[value];
  }
  for (const int each : times) WEBMACS_PROPERTY(each == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 6) return 0;
  // No value is longer than a request: rig_settings refuses that.
  const ReadLimits limits{4 + data[0] % 122, data[1] % 125};
  ReadHoles holes;
  std::vector<Register> registers;
  for (std::size_t at = 2; at + 4 <= size; at += 4) {
    Register where = register_of(data + at);
    if (data[at + 1] >= 192) put_status_beside(where, data[at + 2] % 64 - 32, limits);
    switch (data[at] / 16) {
      case 0:
        holes.add(where.kind, where.first(), where.end());  // of a value that is read
        registers.push_back(where);
        break;
      case 1:
        holes.add(where.kind, where.first(), where.end());  // anywhere
        break;
      default:
        registers.push_back(where);
    }
  }
  check_plan(registers, limits, holes);
  return 0;
}
