#include "server/store/postgres/lost_commit.h"

#include "unit/server/store/store_support.h"

#include <doctest/doctest.h>

#include <array>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

// One reading with a time, two without that came at the same moment, and one that was a duplicate.
struct Lost {
  IncomingBatch batch{
      "rig1",
      {good("evt_a", at(0), 1), received("evt_b", at(5), 2), received("evt_b", at(5), 3), good("evt_c", at(0), 4)}};
  LostCommit memory;

  Lost() {
    memory.remember("1234", std::array{&batch},
                    {{{Outcome::stored, 1, at(0), ""},
                      {Outcome::stored, 2, at(5), ""},
                      {Outcome::stored, 2, at(6), ""},
                      {Outcome::duplicate, 3, at(0), ""}}});
  }
};

}  // namespace

TEST_CASE("a lost commit that happened: what comes again counts as stored, once, where it was stored") {
  Lost lost;
  CHECK(lost.memory.transaction() == "1234");
  CHECK(lost.memory.witness().value().event_key == 1);
  lost.memory.settle(true);
  CHECK(lost.memory.transaction().empty());
  CHECK(lost.memory.claim(good("evt_a", at(0), 1)).value().outcome == Outcome::stored);
  CHECK_FALSE(lost.memory.claim(good("evt_a", at(0), 1)));
  CHECK(lost.memory.claim(received("evt_b", at(5), 3)).value().time == at(6));
  CHECK_FALSE(lost.memory.claim(good("evt_b", at(5), 9)));  // another value is another reading
  CHECK_FALSE(lost.memory.claim(good("evt_c", at(0), 4)));
}

TEST_CASE("a lost commit that did not happen is forgotten") {
  Lost lost;
  lost.memory.settle(false);
  CHECK(lost.memory.transaction().empty());
  CHECK_FALSE(lost.memory.claim(good("evt_a", at(0), 1)));
}
