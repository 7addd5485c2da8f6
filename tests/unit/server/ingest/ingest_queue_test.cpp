#include "server/ingest/ingest_queue.h"

#include "unit/server/store/store_support.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

IngestItem readings(std::size_t count, const std::string& controller = "rig1", bool may_be_refused = false) {
  std::vector<IncomingReading> all(count, good("evt_a", at(0), 1));
  return IngestItem::readings_of({controller, std::move(all)}, false, may_be_refused, [](const auto&) {});
}

IngestItem write() {
  return IngestItem::write([](Store&) {}, [](const std::string&) {});
}

bool push(IngestQueue& queue, IngestItem item) {
  return queue.try_push(item);
}

std::string controllers(const std::vector<IngestItem>& items) {
  std::string all;
  for (const IngestItem& item : items) all += (item.work ? "write" : item.batch.controller) + " ";
  return all;
}

}  // namespace

TEST_CASE("what does not fit is refused and left alone; what is larger than the bound fits alone") {
  IngestQueue queue(100);
  CHECK(push(queue, readings(60)));
  IngestItem large = readings(41);
  CHECK_FALSE(queue.try_push(large));
  CHECK(large.batch.readings.size() == 41);
  CHECK(push(queue, readings(40)));
  CHECK(queue.readings() == 100);
  CHECK_FALSE(push(queue, readings(0)));  // an empty one counts, too: they must not pile up

  IngestQueue other(100);
  CHECK(push(other, readings(500)));
  CHECK_FALSE(push(other, readings(1)));
}

TEST_CASE("a transaction takes batches until it holds enough, and what stands alone alone, in order") {
  IngestQueue queue(1000);
  push(queue, readings(3, "a"));
  push(queue, readings(3, "b"));
  push(queue, readings(3, "c"));
  push(queue, write());
  push(queue, IngestItem::descriptions("d", {{}, {}}, [](const auto&) {}));
  push(queue, readings(3, "e"));
  CHECK(controllers(queue.take(4)) == "a b ");
  CHECK(controllers(queue.take(4)) == "c ");
  CHECK(controllers(queue.take(4)) == "write ");
  CHECK(controllers(queue.take(4)) == "d ");
  CHECK(controllers(queue.take(4)) == "e ");
  CHECK(queue.take(4).empty());
}

TEST_CASE("what was taken counts until it is settled, and comes first again when it was put back") {
  IngestQueue queue(100);
  push(queue, readings(60, "a"));
  push(queue, readings(20, "b"));
  auto taken = queue.take(1);
  CHECK(queue.readings() == 80);
  CHECK_FALSE(queue.has_room());
  CHECK_FALSE(push(queue, readings(30)));
  queue.put_back(std::move(taken));
  taken = queue.take(100);
  CHECK(controllers(taken) == "a b ");
  CHECK(queue.empty());
  CHECK_FALSE(queue.settled());
  queue.settle(taken);
  CHECK(queue.settled());
  CHECK(queue.has_room());
  CHECK(queue.readings() == 0);
}

TEST_CASE("while the store is away, what may be refused goes back, and the others keep their order") {
  IngestQueue queue(1000);
  push(queue, readings(1, "a"));
  push(queue, readings(2, "polite", true));
  push(queue, write());
  push(queue, readings(4, "b"));
  CHECK(controllers(queue.take_refusable()) == "polite write ");
  CHECK(queue.readings() == 5);
  CHECK(controllers(queue.take(100)) == "a b ");
}

TEST_CASE("who is refused hears that nothing was stored, a write why") {
  std::string heard;
  IngestItem::readings_of({}, false, true, [&](const auto& results) {
    heard += results.empty() ? "nothing " : "some ";
  }).refuse("disk full");
  IngestItem::write([](Store&) {}, [&](const std::string& failure) { heard += failure; }).refuse("disk full");
  CHECK(heard == "nothing disk full");
}
