#include "server/http/content_coding.h"

#include "server/http/gzip.h"

#include <doctest/doctest.h>

using namespace webmacs;

namespace {

bool takes_gzip(std::string_view accept_encoding) {
  return preferred_coding(accept_encoding).gzip;
}

constexpr ContentCoding plain{};
constexpr ContentCoding gzip_too{.gzip = true};
constexpr ContentCoding only_gzip{.gzip = true, .plain_too = false};

HttpResponse answer_of(std::size_t bytes) {
  HttpResponse response;
  response.body = std::string(bytes, 'x');
  return response;
}

}  // namespace

TEST_CASE("a client gets gzip when it lists it, alone or among others") {
  for (const char* header :
       {"gzip", "GZip", "x-gzip", "br, gzip", "gzip, deflate, br", "deflate ,\tgzip ; q=0.5", "*",
        "br;q=1.0, *;q=0.001", "gzip;q=1.000", "gzip;Q=0.3", "identity;q=0.5, gzip", "gzip, identity", ",, gzip ,"}) {
    CAPTURE(header);
    CHECK(takes_gzip(header));
  }
}

TEST_CASE("a client gets no gzip when it does not list it, refuses it, or likes the plain body better") {
  for (const char* header : {"", "br", "identity", "gzip;q=0", "gzip;q=0.000", "gzip; q=0.", "*;q=0", "gzip;q=0, *",
                             "identity, gzip;q=0.5", "notgzip", "gzip2", "gz ip", " , "}) {
    CAPTURE(header);
    CHECK_FALSE(takes_gzip(header));
  }
}

TEST_CASE("a weight that is none refuses") {
  for (const char* header : {"gzip;q=", "gzip;q=x", "gzip;q=2", "gzip;q=1.001", "gzip;q=-1", "gzip;q=0.1234",
                             "gzip;q=.5", "gzip;level=9", "gzip;q", "gzip;"}) {
    CAPTURE(header);
    CHECK_FALSE(takes_gzip(header));
  }
}

TEST_CASE("a client that refuses the plain body gets short ones compressed, too") {
  for (const char* header : {"gzip, identity;q=0", "identity;q=0, *", "gzip;q=0.001, *;q=0", "*;q=0, gzip"}) {
    CAPTURE(header);
    CHECK(takes_gzip(header));
    CHECK_FALSE(preferred_coding(header).plain_too);
  }
  for (const char* header : {"gzip", "*", "gzip, *;q=0.1", "*;q=0, gzip, identity;q=0.1"}) {
    CAPTURE(header);
    CHECK(takes_gzip(header));
    CHECK(preferred_coding(header).plain_too);
  }
}

TEST_CASE("a client that refuses everything gets the plain body") {
  for (const char* header : {"*;q=0", "identity;q=0", "gzip;q=0, identity;q=0", "br, identity;q=0"}) {
    CAPTURE(header);
    CHECK_FALSE(takes_gzip(header));
    CHECK(preferred_coding(header).plain_too);
  }
}

TEST_CASE("Accept-Encoding in two lines is one list") {
  HttpRequest request;
  request.header.method(boost::beast::http::verb::get);
  request.header.insert("Accept-Encoding", "br");
  request.header.insert("Accept-Encoding", "gzip");
  CHECK(coding_for(request).gzip);
}

TEST_CASE("an answer is compressed once, and only when it is long enough") {
  auto small = answer_of(1023);
  encode_body(small, gzip_too);
  CHECK(small.body == std::string(1023, 'x'));
  CHECK(small.headers.empty());
  encode_body(small, only_gzip);
  CHECK(small.body == gzip(std::string(1023, 'x'), GzipLevel::answer));

  auto empty = answer_of(0);
  encode_body(empty, only_gzip);
  CHECK(empty.body.empty());
  CHECK(empty.headers.empty());

  auto uncoded = answer_of(5000);
  encode_body(uncoded, plain);
  CHECK(uncoded.body.size() == 5000);

  auto long_one = answer_of(5000);
  encode_body(long_one, gzip_too);
  CHECK(long_one.body == gzip(std::string(5000, 'x'), GzipLevel::answer));
  REQUIRE(long_one.headers.size() == 1);
  CHECK(long_one.headers[0].first == "Content-Encoding");
  CHECK(long_one.headers[0].second == "gzip");
  encode_body(long_one, gzip_too);
  CHECK(long_one.headers.size() == 1);
}

TEST_CASE("a body that is made while it is sent is its source's to compress") {
  auto streamed = answer_of(5000);
  streamed.end = BodyEnd::last_chunk;
  CHECK_FALSE(is_to_be_coded(streamed, only_gzip));
}
