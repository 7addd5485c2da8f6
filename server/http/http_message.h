#pragma once
// What the hub makes of an HTTP request, and what it answers. Beast parses and writes; here is only what routes need.

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace webmacs {

struct HttpRequest {
  boost::beast::http::request_header<> header;
  std::string path;                          // percent-decoded, without the query
  std::map<std::string, std::string> query;  // percent-decoded; of a repeated name the first
  std::string client = {};                   // the client's address, behind a trusted proxy the one it names
  std::string peer = {};                     // the address of whoever opened the connection, a proxy too
  std::string body = {};
  // True as soon as the connection is known to have ended; null where nobody looks. Any thread.
  std::shared_ptr<const std::atomic<bool>> client_gone = nullptr;

  std::string_view field(boost::beast::http::field name) const {
    const auto value = header[name];
    return {value.data(), value.size()};
  }
  std::string_view field(std::string_view name) const {
    const auto value = header[boost::beast::string_view(name.data(), name.size())];
    return {value.data(), value.size()};
  }
  // All fields of this name, in their order, with commas between them: as good as one (RFC 9110, section 5.3).
  std::string joined_fields(std::string_view name) const {
    std::string joined;
    const auto [first, last] = header.equal_range(boost::beast::string_view(name.data(), name.size()));
    for (auto each = first; each != last; ++each) {
      if (each != first) joined += ',';
      joined.append(each->value().data(), each->value().size());
    }
    return joined;
  }
  std::string parameter(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() ? "" : found->second;
  }
};

class BodySource;  // body_source.h

// How the peer knows where a body ends. One that ends with the connection is all that HTTP/1.0 understands.
enum class BodyEnd { length, last_chunk, close };

struct HttpResponse {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
  BodyEnd end = BodyEnd::length;                 // any other: the body comes from `source`
  std::shared_ptr<BodySource> source = nullptr;  // none for a HEAD request
  std::shared_ptr<const void> held = nullptr;    // kept until the answer is on the wire, or the connection is gone
};

// application/problem+json (RFC 9457).
HttpResponse problem(unsigned status, std::string_view detail);

// Splits a request target ("/path?a=1&b=%20") and decodes its parts. Never throws; a broken escape stays as it is.
void parse_target(std::string_view target, std::string& path, std::map<std::string, std::string>& query);

}  // namespace webmacs
