#include "common/log.h"

#include "common/timestamp.h"
#include "unit/capture_stderr.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace webmacs;

namespace {

class InfoLevelAfterwards {
 public:
  ~InfoLevelAfterwards() { set_log_level("info"); }
};

}  // namespace

TEST_CASE("the journal gets a priority and one line for each event") {
  CaptureStderr capture;
  log_info("hub {} listens on port {}", "lab", 8000);
  log_warning("w");
  log_error("e");
  CHECK(capture.take() == "<6>hub lab listens on port 8000\n<4>w\n<3>e\n");
}

TEST_CASE("a person at a terminal gets time and level") {
  CaptureStderr capture(CaptureStderr::As::terminal);
  log_info("text");
  const std::string line = capture.take();
  REQUIRE(line.size() > 24);
  CHECK(parse_timestamp(line.substr(0, 24)));
  CHECK(line.substr(24) == " info  text\r\n");
}

TEST_CASE("what a peer put into a line cannot start another one, or steer a terminal") {
  CaptureStderr capture;
  log_line(LogLevel::info, "a\nb\r\t\x1B[31m\x7F\xC2\x9B end °C");
  CHECK(capture.take() == "<6>a\\nb\\r\\t\\x1b[31m\\x7f\\xc2\\x9b end °C\n");
  log_line(LogLevel::info, "\xFFz");
  CHECK(capture.take() == "<6>\\xffz\n");
}

TEST_CASE("the level decides what is written") {
  const InfoLevelAfterwards restore;
  CaptureStderr capture;
  log_debug("unseen");
  CHECK(set_log_level("error"));
  log_warning("unseen");
  CHECK_FALSE(log_enabled(LogLevel::warning));
  CHECK(set_log_level("debug"));
  log_debug("seen");
  CHECK_FALSE(set_log_level("loud"));
  CHECK(log_enabled(LogLevel::debug));
  CHECK(capture.take() == "<7>seen\n");
}

TEST_CASE("lines of several threads stay whole") {
  CaptureStderr capture;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int n = 0; n < 50; ++n) log_line(LogLevel::info, std::string(60, 'x'));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::string expected;
  for (int i = 0; i < 200; ++i) expected += "<6>" + std::string(60, 'x') + "\n";
  CHECK(capture.take() == expected);
}

TEST_CASE("a repeated cause is counted, not flooded") {
  CaptureStderr capture;
  RepeatedLog patient(LogLevel::warning, std::chrono::seconds(60));
  for (int i = 0; i < 38; ++i) patient.write("plc: timeout");
  CHECK(capture.take() == "<4>plc: timeout\n");

  RepeatedLog impatient(LogLevel::error, std::chrono::seconds(0));
  impatient.write("a");
  impatient.write("b");
  CHECK(capture.take() == "<3>a\n<3>b\n");

  RepeatedLog brief(LogLevel::warning, std::chrono::seconds(1));
  brief.write("first");
  brief.write("second");
  brief.write("third");
  std::this_thread::sleep_for(std::chrono::milliseconds(1020));
  brief.write("fourth");
  CHECK(capture.take() == "<4>first\n<4>fourth (2 more in the last 1 s)\n");
}

TEST_CASE("a token does not reach the log, wherever a client put it") {
  const std::string token = "wm_0123456789abcdefghijABCDEFGHIJ-_klmnopqrstu";
  CaptureStderr capture;
  log_info("Origin https://{}.example, {}{}", token, token, token);
  log_info("{}: its name is wm_rig1, wm_, and wm_ again", token.substr(0, 40));
  CHECK(capture.take() ==
        "<6>Origin https://wm_(hidden).example, wm_(hidden)\n"
        "<6>wm_(hidden): its name is wm_rig1, wm_, and wm_ again\n");
}
