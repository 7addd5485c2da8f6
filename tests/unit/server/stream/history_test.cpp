#include "server/stream/history.h"

#include "common/timestamp.h"

#include <doctest/doctest.h>

using namespace webmacs;

namespace {

std::string text_of(int number) {
  return "datapoint " + std::to_string(number) + std::string(static_cast<std::size_t>(number % 200), '.');
}

// Adds what has no text of its own now and then, as the feed does.
void add(History& history, int number) {
  if (number % 10 == 0) {
    history.add(FeedBackfill{{"an event with a name that takes memory"}, Timestamp(), Timestamp()});
  } else {
    history.add(FeedPoint{"event", text_of(number)});
  }
}

// How many entries are as they were added, the newest being `newest`.
std::size_t intact(const History& history, int newest) {
  std::size_t count = 0;
  int number = newest;
  while (number > 0 && history.reaches_back_to(static_cast<std::uint64_t>(number - 1))) --number;
  history.visit_after(static_cast<std::uint64_t>(number), [&](const FeedEntry& entry) {
    ++number;
    const auto* point = std::get_if<FeedPoint>(&entry);
    const bool right = number % 10 == 0 ? point == nullptr : point != nullptr && point->encoded == text_of(number);
    count += right ? 1 : 0;
    return true;
  });
  CHECK(number == newest);
  return count;
}

}  // namespace

TEST_CASE("the ring keeps as much as its bytes allow, whole and in order, whatever its size") {
  for (const std::size_t limit : {0, 300, 5000, 100'000, 10'000'000}) {
    CAPTURE(limit);
    History history(limit);
    std::size_t most = 0;
    for (int number = 1; number <= 20'000; ++number) {
      add(history, number);
      most = std::max(most, history.bytes());
    }
    CHECK(most <= limit);
    CHECK(history.number() == 20'000);
    const std::size_t kept = intact(history, 20'000);
    CHECK(history.reaches_back_to(20'000 - kept));
    CHECK((kept == 20'000 || !history.reaches_back_to(20'000 - kept - 1)));
    if (limit >= 5000) CHECK(kept * 300 >= std::min<std::size_t>(limit, 20'000 * 300) / 2);
  }
}

TEST_CASE("an entry that is larger than the ring is not kept, and the ring goes on") {
  History history(1000);
  history.add(FeedPoint{"event", std::string(5000, 'x')});
  CHECK(history.bytes() == 0);
  CHECK_FALSE(history.reaches_back_to(0));
  history.add(FeedPoint{"event", "small"});
  CHECK(history.reaches_back_to(1));
  CHECK(history.number() == 2);
}
