#include "server/api/answer_coder.h"

#include "server/http/gzip.h"

#include <boost/asio/executor_work_guard.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace webmacs;

namespace {

std::string header(const HttpResponse& response, const std::string& name) {
  const auto found = std::find_if(response.headers.begin(), response.headers.end(),
                                  [&](const auto& each) { return each.first == name; });
  return found == response.headers.end() ? "" : found->second;
}

// A coder, and what it has handed over.
struct Coded {
  boost::asio::io_context io;
  AnswerCoder coder{io};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> running{io.get_executor()};
  std::vector<HttpResponse> answers;

  void answer(std::size_t bytes, const std::string& accept_encoding = "gzip") {
    HttpResponse response;
    response.body = std::string(bytes, 'x');
    coder.coded(preferred_coding(accept_encoding),
                [this](HttpResponse taken) { answers.push_back(std::move(taken)); })(std::move(response));
  }
  void finish() {
    coder.stop();
    running.reset();
    io.run();
  }
};

}  // namespace

TEST_CASE("a short answer is handed over at once") {
  Coded coded;
  coded.answer(100);
  coded.answer(5000);
  coded.answer(100'000, "br");
  REQUIRE(coded.answers.size() == 3);
  CHECK(coded.answers[0].body == std::string(100, 'x'));
  CHECK(coded.answers[1].body == gzip(std::string(5000, 'x'), GzipLevel::answer));
  CHECK(coded.answers[2].body == std::string(100'000, 'x'));
  for (const auto& answer : coded.answers) CHECK(header(answer, "Vary") == "Accept-Encoding");
}

TEST_CASE("a long answer is handed over by the network thread's loop, compressed") {
  Coded coded;
  coded.answer(100'000);
  CHECK(coded.answers.empty());
  coded.finish();
  REQUIRE(coded.answers.size() == 1);
  CHECK(coded.answers[0].body == gzip(std::string(100'000, 'x'), GzipLevel::answer));
  CHECK(header(coded.answers[0], "Content-Encoding") == "gzip");
}

TEST_CASE("when too much waits to be compressed, an answer goes as it is") {
  constexpr std::size_t three_mib = 3 * 1024 * 1024;
  Coded coded;
  coded.answer(2 * three_mib);  // one alone is always taken
  CHECK(coded.answers.empty());
  coded.answer(three_mib);
  REQUIRE(coded.answers.size() == 1);
  CHECK(coded.answers[0].body.size() == three_mib);
  coded.io.run_one();
  REQUIRE(coded.answers.size() == 2);
  coded.answer(three_mib);
  CHECK(coded.answers.size() == 2);
  coded.finish();
  REQUIRE(coded.answers.size() == 3);
  CHECK(header(coded.answers[2], "Content-Encoding") == "gzip");
}

TEST_CASE("once it has stopped, a long answer goes as it is") {
  Coded coded;
  coded.finish();
  coded.answer(100'000);
  REQUIRE(coded.answers.size() == 1);
  CHECK(coded.answers[0].body.size() == 100'000);
}

TEST_CASE("an answer without a body does not depend on its client") {
  Coded coded;
  coded.answer(0);
  REQUIRE(coded.answers.size() == 1);
  CHECK(coded.answers[0].headers.empty());
}
