// What became of a read, as it is stored and as it is told.
#include "hardware/read_outcome.h"

#include <doctest/doctest.h>

using namespace webmacs;
using Kind = ReadOutcome::Kind;

TEST_CASE("the stored reason is the same text for the same cause; details are for the log") {
  const ReadOutcome refused{Kind::no_connection, 0, "Connection refused"};
  CHECK(refused.reason() == "disconnected");
  CHECK(refused.description() == "disconnected: Connection refused");
  const ReadOutcome broken{Kind::bad_reply, 0, "wrong checksum"};
  CHECK(broken.reason() == "bad reply: wrong checksum");
  CHECK(broken.description() == "bad reply: wrong checksum");
  CHECK(ReadOutcome{Kind::exception, 2}.description() == "exception 2");
  CHECK(ReadOutcome{Kind::timeout}.description() == "timeout");
  CHECK(ReadOutcome{Kind::good}.reason().empty());
}

TEST_CASE("silence may pass, a refusal does not, and no exception is both") {
  for (const Kind kind : {Kind::timeout, Kind::disconnected, Kind::bad_reply}) {
    CHECK(ReadOutcome{kind}.silent());
    CHECK_FALSE(ReadOutcome{kind}.refused());
  }
  for (const Kind kind : {Kind::good, Kind::no_connection, Kind::interrupted}) {
    CHECK_FALSE(ReadOutcome{kind}.silent());
    CHECK_FALSE(ReadOutcome{kind}.refused());
  }
  CHECK(ReadOutcome{Kind::wrong_count}.refused());
  for (int code = 0; code < 256; ++code) {
    CAPTURE(code);
    const ReadOutcome outcome{Kind::exception, code};
    CHECK(outcome.silent() == (code == 10 || code == 11));
    CHECK(outcome.refused() == (code >= 1 && code <= 4));
  }
}
