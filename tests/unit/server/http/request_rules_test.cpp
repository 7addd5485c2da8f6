#include "server/http/request_rules.h"

#include <doctest/doctest.h>

using namespace webmacs;
namespace http = boost::beast::http;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// The status that a head is refused with; 0 when it is not.
unsigned refused(const Fields& fields, unsigned version = 11, const std::string& target = "/",
                 http::verb method = http::verb::get) {
  http::request_header<> header;
  header.method(method);
  header.target(target);
  header.version(version);
  for (const auto& [name, value] : fields) header.insert(name, value);
  const auto refusal = refuse_head(header);
  return refusal ? refusal->status : 0;
}

unsigned with_codings(const Fields& fields) {
  Fields all{{"Host", "hub"}};
  all.insert(all.end(), fields.begin(), fields.end());
  return refused(all);
}

}  // namespace

TEST_CASE("chunked is the one transfer coding, and once") {
  for (const std::string good : {"chunked", "Chunked", " chunked ", ", chunked", "chunked,"}) {
    CHECK_MESSAGE(with_codings({{"Transfer-Encoding", good}}) == 0, good);
  }
  for (const std::string other : {"gzip", "gzip, chunked", "chunked, gzip", "identity", "chunked;q=1", "xchunked",
                                  "chunked\x0b", "chunked chunked", "\"chunked\""}) {
    CHECK_MESSAGE(with_codings({{"Transfer-Encoding", other}}) == 501, other);
  }
  CHECK(with_codings({{"Transfer-Encoding", "gzip"}, {"Transfer-Encoding", "chunked"}}) == 501);
  for (const std::string wrong : {"chunked, chunked", "", ","}) {
    CHECK_MESSAGE(with_codings({{"Transfer-Encoding", wrong}}) == 400, wrong);
  }
  CHECK(refused({{"Transfer-Encoding", "chunked"}}, 10) == 400);
}

TEST_CASE("HTTP/1.1 has exactly one Host, and it is one") {
  CHECK(refused({}) == 400);
  CHECK(refused({}, 10) == 0);
  CHECK(refused({{"Host", "a"}, {"Host", "a"}}) == 400);
  CHECK(refused({{"Host", "a"}, {"Host", "b"}}, 10) == 400);
  for (const std::string good :
       {"hub", "hub.lab:8000", "10.0.0.1", "[::1]:8000", "[::1]", "rig_1", "", "hub:", " hub "}) {
    CHECK_MESSAGE(refused({{"Host", good}}) == 0, good);
  }
  for (const std::string bad : {"a b", "a/b", "user@hub", "hub:80x", "hub:80:80", "[::1", "[]", "[::1]x", "::1", "a\\b",
                                "http://hub", "a?b", "a#b", "h\xc3\xa4"}) {
    CHECK_MESSAGE(refused({{"Host", bad}}) == 400, bad);
  }
}

TEST_CASE("a target is a path, an http address, or the * of OPTIONS") {
  const Fields host{{"Host", "hub"}};
  CHECK(refused(host, 11, "/a?b=http://c") == 0);
  CHECK(refused(host, 11, "http://hub/a") == 0);
  CHECK(refused(host, 11, "*", http::verb::options) == 0);
  CHECK(refused(host, 11, "*") == 400);
  CHECK(refused(host, 11, "hub:443", http::verb::connect) == 501);
  for (const std::string bad : {"a", "", "ftp://hub/a", "http://", "http:///a", "http://user@hub/a", "hub/a", "?a"}) {
    CHECK_MESSAGE(refused(host, 11, bad) == 400, bad);
  }
}

TEST_CASE("the absolute form is taken apart") {
  const auto whole = split_target("HTTP://hub.lab:8000/a%20b?x=1");
  REQUIRE(whole.has_value());
  CHECK(whole->authority == "hub.lab:8000");
  CHECK(whole->path_and_query == "/a%20b?x=1");
  CHECK(split_target("https://hub")->path_and_query.empty());
  CHECK(split_target("http://[::1]:80?x=1")->path_and_query == "?x=1");
  CHECK(split_target("/http://a")->authority.empty());
}
