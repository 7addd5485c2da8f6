#pragma once
// The opening handshake of RFC 6455 (section 4), both roles, without I/O. Nothing here throws for what a peer sent.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace webmacs {

struct UpgradeAnswer {
  bool accepted = false;
  std::string response;      // what to send: 101, or the error that ends the connection
  std::size_t consumed = 0;  // bytes of the request; what follows them are frames
  std::string problem;       // when it is not accepted
};

// `request` holds the whole head. `subprotocol` is selected when it is not empty.
UpgradeAnswer answer_upgrade(std::string_view request, const std::string& subprotocol);

class ClientHandshake {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  enum class Progress { incomplete, open, failed };

  ClientHandshake(const std::string& host, const std::string& target, const Headers& headers);
  ~ClientHandshake();

  // The bytes to send.
  std::string request() const;
  // Takes bytes of the server's answer off the front of `bytes`; what is left once it is open are frames.
  Progress feed(std::string_view& bytes);

  int http_status() const { return http_status_; }         // 0 before the answer
  const std::string& problem() const { return problem_; }  // after `failed`: "HTTP 401 Unauthorized"

 private:
  struct Request;
  Progress judge();

  const std::unique_ptr<Request> request_;
  std::string head_;  // of the answer, as far as it came
  int http_status_ = 0;
  std::string problem_;
};

}  // namespace webmacs
