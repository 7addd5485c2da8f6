// Which requests have to wait for which replies, on a clock of their own.
#include "hardware/owed_replies.h"

#include <doctest/doctest.h>

#include <vector>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

const ReadRequest first{1, RegisterKind::holding, 0, 1};
const ReadRequest second{1, RegisterKind::holding, 100, 1};  // of the same shape
const auto start = OwedReplies::Clock::time_point(1h);
constexpr auto timeout = 1s;
constexpr auto given_up = 3250ms;  // three timeouts, and a quarter for the way

const std::vector<std::uint8_t> reply = {1, 3, 2, 0, 7};
const std::vector<std::uint8_t> refusal = {1, 0x83, 2};

}  // namespace

TEST_CASE("a request waits for an owed reply of its shape, and nothing else does") {
  OwedReplies owed;
  CHECK_FALSE(owed.blocked_until(second, false, start));
  owed.add(first, start, timeout);
  const auto now = start + timeout;
  CHECK(owed.blocked_until(second, false, now) == start + given_up);
  CHECK_FALSE(owed.blocked_until({2, RegisterKind::holding, 100, 1}, false, now));  // another unit
  CHECK_FALSE(owed.blocked_until({1, RegisterKind::input, 100, 1}, false, now));    // function
  CHECK_FALSE(owed.blocked_until({1, RegisterKind::holding, 100, 2}, false, now));  // length
  CHECK_FALSE(owed.blocked_until(second, false, start + given_up));                 // given up
}

TEST_CASE("coils are told apart by their bytes, not by their number") {
  OwedReplies owed;
  owed.add({1, RegisterKind::coil, 0, 9}, start, timeout);
  CHECK(owed.blocked_until({1, RegisterKind::coil, 50, 16}, false, start + timeout));
  CHECK_FALSE(owed.blocked_until({1, RegisterKind::coil, 50, 17}, false, start + timeout));
}

TEST_CASE("the same request goes at once, and its retries count") {
  OwedReplies owed;
  owed.add(first, start, timeout);
  CHECK_FALSE(owed.blocked_until(first, true, start + timeout));
  CHECK_FALSE(owed.blocked_until(first, false, start + timeout));
  owed.add(first, start + timeout, timeout);  // the retry was not answered either
  CHECK(owed.blocked_until(second, false, start + 2 * timeout) == start + timeout + given_up);
}

TEST_CASE("the same request does not keep another one waiting for ever") {
  OwedReplies owed;
  owed.add(first, start, timeout);
  REQUIRE(owed.blocked_until(second, false, start + timeout));
  CHECK(owed.blocked_until(first, false, start + timeout));       // a new poll of it stands back
  CHECK_FALSE(owed.blocked_until(first, true, start + timeout));  // a retry does not
  CHECK_FALSE(owed.blocked_until(first, false, start + given_up));
}

TEST_CASE("after an answer that may be the older one the newer is still owed") {
  OwedReplies owed;
  owed.add(first, start, timeout);
  owed.answered(first, start + timeout, start + timeout + 100ms);
  CHECK(owed.blocked_until(second, false, start + timeout + 100ms) == start + timeout + given_up);
  const auto late = owed.take(reply, start + timeout + 200ms);
  REQUIRE(late);
  CHECK(late->after == timeout + 100ms);  // the answer was the first try's, as this one shows
  CHECK_FALSE(owed.blocked_until(second, false, start + timeout + 200ms));
}

TEST_CASE("an owed reply that comes is thrown away, and the line is free at once") {
  for (const auto& body : {reply, refusal}) {
    OwedReplies owed;
    owed.add(first, start, timeout);
    const auto late = owed.take(body, start + 1150ms);
    REQUIRE(late);
    CHECK(late->request == first);
    CHECK(late->after == 1150ms);
    CHECK_FALSE(owed.blocked_until(second, false, start + 1150ms));
    CHECK_FALSE(owed.take(body, start + 1200ms));
  }
}

TEST_CASE("replies that were seen to be later are waited for longer, for at least an hour, at most ten timeouts") {
  OwedReplies owed;
  owed.add(first, start, timeout);
  REQUIRE(owed.take(reply, start + 5s));  // given up long ago, and yet it says how late replies can be
  CHECK(owed.patience(timeout, start + 5s) == 7500ms);
  CHECK(owed.patience(timeout, start + 1h) == 7500ms);
  CHECK(owed.patience(timeout, start + 3h) == 3s);
  owed.add(first, start + 3h, timeout);
  REQUIRE(owed.take(reply, start + 3h + 9s));
  CHECK(owed.patience(timeout, start + 3h + 9s) == 10s);
  CHECK(owed.patience(10ms, start + 3h + 9s) == 100ms);
}

TEST_CASE("an exception may answer an owed request of another length") {
  OwedReplies owed;
  const ReadRequest longer{1, RegisterKind::holding, 0, 10};
  owed.add(longer, start, timeout);
  CHECK_FALSE(owed.blocked_until(first, false, start + timeout));
  CHECK(owed.exception_in_doubt(first, start + timeout));
  CHECK_FALSE(owed.exception_in_doubt(longer, start + timeout));
  CHECK_FALSE(owed.exception_in_doubt({2, RegisterKind::holding, 0, 1}, start + timeout));
  CHECK(owed.take(refusal, start + timeout)->request == longer);
  CHECK_FALSE(owed.exception_in_doubt(first, start + timeout));
}
