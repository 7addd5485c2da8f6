#include "server/http/content_disposition.h"

#include <doctest/doctest.h>

using webmacs::content_disposition;

namespace {

std::string of(const std::string& name) {
  return content_disposition(name, ".csv", "exp_1");
}

}  // namespace

TEST_CASE("a plain name stands as it is, twice") {
  CHECK(of("Lauf_1") == "attachment; filename=\"Lauf_1.csv\"; filename*=UTF-8''Lauf_1.csv");
  CHECK(of("Run 7 (a)") == "attachment; filename=\"Run 7 (a).csv\"; filename*=UTF-8''Run%207%20%28a%29.csv");
}

TEST_CASE("other scripts are UTF-8, and underscores for the oldest clients") {
  CHECK(of("Füllstand ☃") ==
        "attachment; filename=\"F_llstand _.csv\"; filename*=UTF-8''F%C3%BCllstand%20%E2%98%83.csv");
}

TEST_CASE("nothing gets out of the quotes, the header or the folder") {
  CHECK(of("a\"; filename=\"b") ==
        "attachment; filename=\"a_; filename=_b.csv\"; filename*=UTF-8''a_%3B%20filename%3D_b.csv");
  CHECK(of("a\r\nSet-Cookie: x") ==
        "attachment; filename=\"a__Set-Cookie_ x.csv\"; filename*=UTF-8''a__Set-Cookie_%20x.csv");
  CHECK(of("../../etc/passwd") ==
        "attachment; filename=\"_._.._etc_passwd.csv\"; filename*=UTF-8''_._.._etc_passwd.csv");
  CHECK(of("50% \\ 2") == "attachment; filename=\"50_ _ 2.csv\"; filename*=UTF-8''50%25%20_%202.csv");
  CHECK(of("a\xE2\x80\xAEvsc.exe\xC2\x85\xFF") ==
        "attachment; filename=\"a_vsc.exe__.csv\"; filename*=UTF-8''a_vsc.exe__.csv");
}

TEST_CASE("a name of nothing is the fallback, a long one is cut at a character's end") {
  for (const char* nothing : {"", "   ", "...", "/", "\x01\x02"}) {
    CHECK(of(nothing) == "attachment; filename=\"exp_1.csv\"; filename*=UTF-8''exp_1.csv");
  }
  std::string long_name;
  for (int i = 0; i < 200; ++i) long_name += "ü";
  std::string encoded;
  for (int i = 0; i < 75; ++i) encoded += "%C3%BC";
  CHECK(of(long_name) ==
        "attachment; filename=\"" + std::string(75, '_') + ".csv\"; filename*=UTF-8''" + encoded + ".csv");
}
