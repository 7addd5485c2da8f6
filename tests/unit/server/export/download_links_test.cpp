#include "server/export/download_links.h"

#include <doctest/doctest.h>

#include <set>

using namespace webmacs;
using State = DownloadLinks::State;

namespace {

const DownloadLinks::TimePoint start{std::chrono::hours(1)};

DownloadLinks::Download of(const std::string& experiment, const std::string& token = "hash") {
  ExportRequest request;
  request.experiment = experiment;
  return {request, {"anna", Role::viewer, token}};
}

}  // namespace

TEST_CASE("a link is good once, and for a minute") {
  DownloadLinks links;
  const auto secret = links.make(of("exp_1"), start);
  REQUIRE(secret.has_value());
  CHECK(secret->rfind("wm_", 0) == 0);  // logs hide it
  CHECK(secret->size() == 46);
  CHECK(links.state(*secret, start + std::chrono::seconds(59)) == State::good);
  CHECK(links.download(*secret).request.experiment == "exp_1");
  CHECK(links.state(*secret, start + std::chrono::seconds(60)) == State::late);
  links.use(*secret);
  CHECK(links.state(*secret, start) == State::used);
  CHECK(links.state(*secret, start + std::chrono::seconds(61)) == State::used);
  links.give_back(*secret);
  CHECK(links.state(*secret, start) == State::good);
  CHECK(links.state("wm_" + std::string(43, 'a'), start) == State::unknown);
  CHECK(links.state("", start) == State::unknown);
}

TEST_CASE("links do not pile up") {
  DownloadLinks links;
  std::set<std::string> secrets;
  for (std::size_t i = 0; i < DownloadLinks::most_links_per_token; ++i) secrets.insert(*links.make(of("exp_1"), start));
  CHECK(secrets.size() == DownloadLinks::most_links_per_token);
  CHECK_FALSE(links.make(of("exp_1"), start).has_value());
  CHECK(links.make(of("exp_1", "other"), start).has_value());
  links.use(*secrets.begin());
  CHECK(links.make(of("exp_1"), start).has_value());
  CHECK(links.make(of("exp_1"), start + std::chrono::seconds(60)).has_value());
  for (std::size_t token = 0; token < 20; ++token) {
    for (int i = 0; i < 100; ++i) links.make(of("exp_1", std::to_string(token)), start);
  }
  CHECK_FALSE(links.make(of("exp_1", "yet another"), start).has_value());
  CHECK(links.state(*secrets.rbegin(), start + std::chrono::seconds(99)) == State::late);
  links.make(of("exp_1"), start + std::chrono::minutes(10));
  CHECK(links.state(*secrets.rbegin(), start + std::chrono::minutes(10)) == State::unknown);
}

TEST_CASE("those that were used make room for others") {
  DownloadLinks links;
  std::string last;
  for (std::size_t i = 0; i < 5 * DownloadLinks::most_links; ++i) {
    const auto secret = links.make(of("exp_1"), start);
    REQUIRE(secret.has_value());
    links.use(*secret);
    last = *secret;
  }
  CHECK(links.state(last, start) == State::used);
}
