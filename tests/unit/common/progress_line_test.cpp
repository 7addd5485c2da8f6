#include "common/progress_line.h"

#include "unit/capture_stderr.h"

#include <doctest/doctest.h>

using namespace webmacs;

TEST_CASE("on a terminal a progress line is written anew, and cleared at the end") {
  CaptureStderr terminal(CaptureStderr::As::terminal);
  {
    ProgressLine line;
    CHECK(line.is_due());
    line.show("1 %");
    CHECK_FALSE(line.is_due());  // not again within the blink of an eye
    line.show("100 %");
    CHECK(terminal.take() == "\r1 %\033[K\r100 %\033[K");
  }
  CHECK(terminal.take() == "\r\033[K");
}

TEST_CASE("a progress line that is cleared or finished leaves nothing to clear") {
  CaptureStderr terminal(CaptureStderr::As::terminal);
  {
    ProgressLine line;
    line.show("half");
    line.clear();
    line.clear();
    CHECK(terminal.take() == "\rhalf\033[K\r\033[K");
    line.finish("9 rows");
  }
  CHECK(terminal.take() == "\r9 rows\033[K\r\n");
}

TEST_CASE("a log or a pipe gets no progress, and a terminal none that is not wanted") {
  const auto use = [](bool wanted) {
    ProgressLine line(wanted);
    CHECK_FALSE(line.is_due());
    line.show("1 %");
    line.clear();
    line.finish("done");
  };
  CaptureStderr pipe;
  use(true);
  CHECK(pipe.take().empty());
  CaptureStderr terminal(CaptureStderr::As::terminal);
  use(false);
  CHECK(terminal.take().empty());
}
