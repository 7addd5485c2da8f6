#include "server/http/response_writer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <regex>

using namespace webmacs;

namespace {

// All that the writer hands out until it wants a piece or is done, as a socket that takes `most` bytes at a time sees
// it.
std::string drain(ResponseWriter& writer, std::size_t most = std::string::npos) {
  std::string wire;
  for (auto buffers = writer.next(); !buffers.empty(); buffers = writer.next()) {
    std::string offered;
    for (const auto& buffer : buffers) offered.append(static_cast<const char*>(buffer.data()), buffer.size());
    const std::size_t taken = std::min(most, offered.size());
    wire += offered.substr(0, taken);
    writer.sent(taken);
  }
  return wire;
}

std::string without_date(const std::string& wire) {
  return std::regex_replace(
      wire, std::regex("Date: [A-Z][a-z]{2}, \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT"), "Date: now");
}

std::string whole(HttpResponse response, bool keep_alive = true, bool head_only = false) {
  ResponseWriter writer(std::move(response), keep_alive, head_only);
  const std::string wire = drain(writer);
  CHECK(writer.done());
  return without_date(wire);
}

HttpResponse streamed(BodyEnd end) {
  HttpResponse response;
  response.end = end;
  response.content_type = "text/csv";
  return response;
}

BodyPiece more(std::string bytes) {
  return {BodyPiece::What::more, std::move(bytes)};
}
BodyPiece last(std::string bytes) {
  return {BodyPiece::What::last, std::move(bytes)};
}

}  // namespace

TEST_CASE("an answer goes over the wire as it always did") {
  HttpResponse response;
  response.body = "{\"a\":1}";
  response.headers = {{"Cache-Control", "no-store"}};
  CHECK(whole(response) ==
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\nDate: now\r\n"
        "Cache-Control: no-store\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
  CHECK(whole(problem(404, "there is nothing at this path"), false) ==
        "HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\nX-Content-Type-Options: nosniff\r\n"
        "Date: now\r\nConnection: close\r\nContent-Length: 96\r\n\r\n"
        R"({"type":"about:blank","title":"Not Found","status":404,"detail":"there is nothing at this path"})");
}

TEST_CASE("an answer without a body says so where HTTP wants it") {
  HttpResponse empty;
  CHECK(whole(empty) == "HTTP/1.1 200 OK\r\nX-Content-Type-Options: nosniff\r\nDate: now\r\nContent-Length: 0\r\n\r\n");
  empty.status = 204;
  CHECK(whole(empty) == "HTTP/1.1 204 No Content\r\nX-Content-Type-Options: nosniff\r\nDate: now\r\n\r\n");
  empty.status = 304;
  CHECK(whole(empty) == "HTTP/1.1 304 Not Modified\r\nX-Content-Type-Options: nosniff\r\nDate: now\r\n\r\n");
}

TEST_CASE("a HEAD answer is the head alone, with the length that a GET has") {
  HttpResponse response;
  response.body = "12345";
  const std::string wire = whole(response, true, true);
  CHECK(wire.find("Content-Length: 5\r\n") != std::string::npos);
  CHECK(wire.ends_with("\r\n\r\n"));
  for (const BodyEnd end : {BodyEnd::last_chunk, BodyEnd::close}) {
    const std::string head = whole(streamed(end), true, true);
    CHECK(head.find("Content-Type: text/csv\r\n") != std::string::npos);
    CHECK(head.find("Content-Length") == std::string::npos);
    CHECK(head.ends_with("\r\n\r\n"));
    CHECK((head.find("Transfer-Encoding: chunked\r\n") != std::string::npos) == (end == BodyEnd::last_chunk));
  }
}

TEST_CASE("no byte of a body is copied, and head and body are one write") {
  HttpResponse response;
  response.body.assign(100000, 'x');
  const char* const where = response.body.data();
  ResponseWriter writer(std::move(response), true, false);
  const auto buffers = writer.next();
  REQUIRE(buffers.size() > 1);
  CHECK(buffers.back().data() == where);
  CHECK(buffers.back().size() == 100000);
}

TEST_CASE("a socket may take any number of bytes at a time") {
  HttpResponse response;
  response.body.assign(1000, 'x');
  const std::string at_once = whole(response);
  for (const std::size_t most : {1, 7, 200, 1100}) {
    ResponseWriter writer(response, true, false);
    CHECK(without_date(drain(writer, most)) == at_once);
    CHECK(writer.done());
  }
}

TEST_CASE("a body of unknown length goes in chunks") {
  for (const std::size_t most : {std::size_t{1}, std::size_t{5}, std::string::npos}) {
    ResponseWriter writer(streamed(BodyEnd::last_chunk), true, false);
    CHECK(without_date(drain(writer, most)) ==
          "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nX-Content-Type-Options: nosniff\r\nDate: now\r\n"
          "Transfer-Encoding: chunked\r\n\r\n");
    CHECK_FALSE(writer.done());
    writer.add(more("hello"));
    CHECK(drain(writer, most) == "5\r\nhello\r\n");
    writer.add(more(""));  // it would be the end
    CHECK(drain(writer, most).empty());
    CHECK_FALSE(writer.done());
    writer.add(more(std::string(300, 'x')));
    CHECK(drain(writer, most) == "12c\r\n" + std::string(300, 'x') + "\r\n");
    writer.add(last("end"));
    CHECK(drain(writer, most) == "3\r\nend\r\n0\r\n\r\n");
    CHECK(writer.done());
  }
}

TEST_CASE("a last piece without bytes ends the chunks") {
  ResponseWriter writer(streamed(BodyEnd::last_chunk), true, false);
  drain(writer);
  writer.add(last(""));
  CHECK(drain(writer) == "0\r\n\r\n");
  CHECK(writer.done());
}

TEST_CASE("for HTTP/1.0 a body of unknown length ends with the connection") {
  for (const char* const end : {"end", ""}) {
    ResponseWriter writer(streamed(BodyEnd::close), false, false);
    CHECK(without_date(drain(writer)) ==
          "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nX-Content-Type-Options: nosniff\r\nDate: now\r\n"
          "Connection: close\r\n\r\n");
    writer.add(more("hello"));
    CHECK(drain(writer) == "hello");
    writer.add(last(end));
    CHECK(drain(writer) == end);
    CHECK(writer.done());
  }
}
