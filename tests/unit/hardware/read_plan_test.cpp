#include "hardware/read_plan.h"

#include "unit/random_seed.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <set>
#include <vector>

using namespace webmacs;

namespace {

Register at(int address, ValueType type = ValueType::uint16, RegisterKind kind = RegisterKind::holding) {
  Register where;
  where.kind = kind;
  where.address = static_cast<std::uint16_t>(address);
  where.type = type;
  if (type == ValueType::boolean && !where.is_bit_kind()) where.bit = 0;
  return where;
}

std::vector<Register> run_of(int first, int count) {
  std::vector<Register> registers;
  for (int i = 0; i < count; ++i) registers.push_back(at(first + i));
  return registers;
}

std::vector<PlannedRead> plan(const std::vector<Register>& registers, ReadLimits limits = {},
                              const ReadHoles& holes = {}) {
  return plan_reads(registers, limits, holes);
}

void keep_apart(ReadHoles& holes, const PlannedRead& left, const PlannedRead& right) {
  const RegisterSpan seam = seam_between(left, right);
  holes.add(seam.kind, seam.first, seam.end);
}

// What must hold for every plan: each value once, covered whole, no request too long.
void check_sound(const std::vector<Register>& registers, const std::vector<PlannedRead>& reads, int longest) {
  std::set<std::size_t> seen;
  for (const PlannedRead& read : reads) {
    CHECK(read.count >= 1);
    CHECK(read.count <= longest);
    CHECK(read.address + read.count <= 65536);
    for (const std::size_t value : read.values) {
      CHECK(seen.insert(value).second);
      CHECK(registers[value].kind == read.kind);
      CHECK(registers[value].first() >= read.address);
      CHECK(registers[value].end() <= read.address + read.count);
    }
  }
  CHECK(seen.size() == registers.size());
}

}  // namespace

TEST_CASE("neighbours are one request, whatever order they are given in") {
  const std::vector<Register> registers = {at(104, ValueType::float32), at(100, ValueType::float32), at(103), at(102)};
  const auto reads = plan(registers, {125, 0});
  REQUIRE(reads.size() == 1);
  CHECK(reads[0].address == 100);
  CHECK(reads[0].count == 6);
  check_sound(registers, reads, 125);
}

TEST_CASE("a gap is spanned up to max_gap and no further") {
  CHECK(plan({at(10), at(15)}, {125, 4}).size() == 1);
  CHECK(plan({at(10), at(15)}, {125, 3}).size() == 2);
  CHECK(plan({at(10), at(11)}, {125, 0}).size() == 1);
}

TEST_CASE("kinds never share a request") {
  const std::vector<Register> registers = {at(1), at(2, ValueType::uint16, RegisterKind::input),
                                           at(3, ValueType::boolean, RegisterKind::coil),
                                           at(4, ValueType::boolean, RegisterKind::discrete)};
  const auto reads = plan(registers);
  CHECK(reads.size() == 4);
  check_sound(registers, reads, 125);
}

TEST_CASE("a request ends at max_registers, and a value is never split over two") {
  CHECK(plan(run_of(0, 125)).size() == 1);
  CHECK(plan(run_of(0, 126)).size() == 2);
  std::vector<Register> doubles;
  for (int i = 0; i < 10; ++i) doubles.push_back(at(4 * i, ValueType::float64));
  const auto reads = plan(doubles, {10, 16});
  CHECK(reads.size() == 5);  // two doubles each: a third would need twelve registers
  check_sound(doubles, reads, 10);
}

TEST_CASE("16 times as many bits as registers fit, but never over 2000") {
  std::vector<Register> coils;
  for (int i = 0; i < 2001; ++i) coils.push_back(at(i, ValueType::boolean, RegisterKind::coil));
  const auto reads = plan(coils);
  REQUIRE(reads.size() == 2);
  CHECK(reads[0].count == 2000);
  CHECK(plan(coils, {10, 16}).front().count == 160);
  check_sound(coils, reads, 2000);
}

TEST_CASE("bits of one register and overlapping values share a request") {
  std::vector<Register> registers(16, at(7, ValueType::boolean));
  CHECK(plan(registers).size() == 1);
  registers = {at(100), at(100, ValueType::uint32), at(101), at(101, ValueType::uint32), at(100, ValueType::uint64)};
  const auto reads = plan(registers, {125, 0});
  REQUIRE(reads.size() == 1);
  CHECK(reads[0].count == 4);
  check_sound(registers, reads, 125);
}

TEST_CASE("the last register is reached") {
  const auto reads = plan({at(65535), at(65532, ValueType::uint16)});
  REQUIRE(reads.size() == 1);
  CHECK(reads[0].address + reads[0].count == 65536);
}

TEST_CASE("a known hole is not spanned") {
  ReadHoles holes;
  holes.add(RegisterKind::holding, 12, 13);
  const auto reads = plan(run_of(10, 5), {}, holes);
  REQUIRE(reads.size() == 3);  // 10-11, the hole by itself, 13-14
  CHECK(reads[0].count == 2);
  CHECK(reads[1].address == 12);
  CHECK(reads[1].count == 1);
  CHECK(plan(run_of(10, 2), {}, holes).size() == 1);
  holes.remove(RegisterKind::holding, 12, 13);
  CHECK(plan(run_of(10, 5), {}, holes).size() == 1);
}

TEST_CASE("several events on a register that is a hole still share one request") {
  ReadHoles holes;
  holes.add(RegisterKind::holding, 7, 8);
  CHECK(plan(std::vector<Register>(3, at(7, ValueType::boolean)), {}, holes).size() == 1);
}

TEST_CASE("halving goes between different values and ends at equal ones") {
  std::vector<Register> registers = run_of(0, 5);
  PlannedRead left;
  PlannedRead right;
  REQUIRE(split_read(registers, plan(registers)[0], left, right));
  CHECK(left.count == 2);
  CHECK(right.address == 2);
  CHECK(right.count == 3);
  registers = std::vector<Register>(15, at(7, ValueType::boolean));
  CHECK_FALSE(split_read(registers, plan(registers)[0], left, right));
  registers.push_back(at(8));
  REQUIRE(split_read(registers, plan(registers)[0], left, right));
  CHECK(left.values.size() == 15);
  CHECK(right.address == 8);
}

TEST_CASE("a seam keeps two readable halves apart, overlapping or not") {
  ReadHoles holes;
  std::vector<Register> registers = {at(10), at(14)};
  PlannedRead left;
  PlannedRead right;
  REQUIRE(split_read(registers, plan(registers)[0], left, right));
  keep_apart(holes, left, right);
  CHECK(plan(registers, {}, holes).size() == 2);
  CHECK(plan(run_of(0, 11), {}, holes).size() == 1);

  registers = {at(100, ValueType::uint32), at(101, ValueType::uint32)};
  REQUIRE(split_read(registers, plan(registers)[0], left, right));
  keep_apart(holes, left, right);
  const auto reads = plan(registers, {}, holes);
  CHECK(reads.size() == 2);
  check_sound(registers, reads, 125);
}

TEST_CASE("a value and the register that says whether it is valid are read in one request") {
  std::vector<Register> registers = {at(100, ValueType::float32), at(40)};
  registers[0].bad_when = StatusRegister{75, 5, {1}};
  auto reads = plan(registers, {125, 0});
  REQUIRE(reads.size() == 2);
  CHECK(reads[1].address == 75);
  CHECK(reads[1].count == 27);
  check_sound(registers, reads, 125);

  registers[0].bad_when->address = 110;
  registers[1].address = 105;  // between the two
  reads = plan(registers, {125, 0});
  REQUIRE(reads.size() == 1);
  CHECK(reads[0].address == 100);
  CHECK(reads[0].count == 11);
  check_sound(registers, reads, 125);

  // One that would make the request too long begins a new one, whole.
  registers = {at(0), at(124)};
  registers[1].bad_when = StatusRegister{130, -1, {1}};
  reads = plan(registers, {125, 125});
  REQUIRE(reads.size() == 2);
  CHECK(reads[1].count == 7);
}

TEST_CASE("halving never parts a value from the register that says whether it is valid") {
  std::vector<Register> registers = {at(10), at(12), at(14), at(16)};
  for (Register& where : registers) where.bad_when = StatusRegister{20, 0, {1}};
  std::vector<PlannedRead> reads = plan(registers);
  REQUIRE(reads.size() == 1);
  PlannedRead left;
  PlannedRead right;
  REQUIRE(split_read(registers, reads[0], left, right));
  check_sound(registers, {left, right}, 125);
  CHECK(left.address == 10);
  CHECK(left.count == 11);
  CHECK(right.address == 14);
  CHECK(right.count == 7);
}

TEST_CASE("random plans are sound, and 500 events with scattered gaps need a tenth of the requests") {
  std::mt19937 random(testing::random_seed(7));
  for (int round = 0; round < 200; ++round) {
    std::vector<Register> registers;
    int address = static_cast<int>(random() % 1000);
    for (int i = 0; i < 500; ++i) {
      const auto type = static_cast<ValueType>(random() % 10);
      registers.push_back(at(address, type));
      address += registers.back().count() + (random() % 10 == 0 ? static_cast<int>(random() % 12) : 0);
    }
    const ReadLimits limits{125, 16};
    const auto reads = plan(registers, limits);
    check_sound(registers, reads, 125);
    CHECK(reads.size() <= 50);
  }
}
