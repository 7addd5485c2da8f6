#pragma once
// What an HTTP connection asks of the program behind it: one object for each request, which lives from the request's
// head to its answer and judges the request once. Network thread only.

#include "common/websocket/byte_stream.h"
#include "server/http/connection_places.h"
#include "server/http/http_message.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace webmacs {

using HttpAnswer = std::function<void(HttpResponse)>;

// A request that is answered.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  // Returns what the head alone is refused with; empty: nothing. For a request whose body is still to come.
  virtual std::optional<HttpResponse> refusal() = 0;
  // How many bytes of a body are read at most, and held in memory meanwhile.
  virtual std::size_t most_body_bytes() const = 0;
  // Calls `answer` once, at once or later; the exchange may be destroyed as soon as this returns. At most one call.
  virtual void handle(std::string body, HttpAnswer answer) = 0;
};

// A request after which the connection speaks another protocol.
class HttpUpgrade {
 public:
  virtual ~HttpUpgrade() = default;
  // Returns the answer when there will be no upgrade; empty: take_over() may be called.
  virtual std::optional<HttpResponse> refusal() = 0;
  // Takes the connection over, with all bytes that were read, the request's head first. `place` is kept until the
  // connection is closed. At most one call.
  virtual void take_over(std::string raw_request, std::unique_ptr<ByteStream> stream,
                         std::shared_ptr<ConnectionPlace> place) = 0;
};

using HttpBegun = std::variant<std::unique_ptr<HttpExchange>, std::unique_ptr<HttpUpgrade>>;

class HttpService {
 public:
  virtual ~HttpService() = default;
  // The head of a request was read. Calls `begun` once, at once or later; never when the program stops meanwhile.
  virtual void begin(HttpRequest request, std::function<void(HttpBegun)> begun) = 0;
};

}  // namespace webmacs
