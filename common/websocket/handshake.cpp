#include "common/websocket/handshake.h"

#include "common/websocket/engine_config.h"

#include <openssl/rand.h>

#include <stdexcept>

namespace webmacs {
namespace {

namespace http = websocketpp::http;
using ServerProcessor = websocketpp::processor::hybi13<ServerConfig>;
using ClientProcessor = websocketpp::processor::hybi13<ClientConfig>;

constexpr std::string_view end_of_head = "\r\n\r\n";
constexpr std::size_t max_head_bytes = 16 * 1024;

UpgradeAnswer refuse(http::status_code::value status, std::string problem) {
  http::parser::response response;
  response.set_version("HTTP/1.1");
  response.set_status(status);
  response.append_header("Connection", "close");
  if (status == http::status_code::upgrade_required) response.append_header("Sec-WebSocket-Version", "13");
  response.set_body("");
  UpgradeAnswer answer;
  answer.response = response.raw();
  answer.problem = std::move(problem);
  return answer;
}

// Of an answer's first line, "HTTP/1.1 401 …"; 0 when it is none. websocketpp's parser would keep any number in an enum
// that does not hold it.
int status_of(std::string_view head) {
  constexpr std::string_view version = "HTTP/1.";
  if (head.substr(0, version.size()) != version || head.size() < version.size() + 6) return 0;
  const std::string_view digits = head.substr(version.size() + 2, 3);
  if (head[version.size() + 1] != ' ' || digits.find_first_not_of("0123456789") != std::string_view::npos) return 0;
  const char behind = head[version.size() + 5];
  return behind == ' ' || behind == '\r' ? std::stoi(std::string(digits)) : 0;
}

std::string phrase_of(int status) {
  if (status > http::status_code::network_authentication_required) return "";
  const std::string phrase = http::status_code::get_string(static_cast<http::status_code::value>(status));
  return phrase == "Unknown" ? "" : phrase;
}

}  // namespace

std::uint32_t SecureRandom::operator()() {
  std::uint32_t value = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&value), sizeof value) != 1) {
    throw std::runtime_error("the system has no randomness for a WebSocket mask");
  }
  return value;
}

UpgradeAnswer answer_upgrade(std::string_view text, const std::string& subprotocol) {
  const auto end = text.find(end_of_head);
  if (end == std::string_view::npos) return refuse(http::status_code::bad_request, "the request has no end");
  const std::size_t head_bytes = end + end_of_head.size();

  http::parser::request request;
  try {
    // Only the head is shown to the parser: it would take frames for a body.
    request.consume(text.data(), head_bytes);
  } catch (const http::exception& e) {
    return refuse(http::status_code::bad_request, e.what());
  }
  if (!request.ready()) return refuse(http::status_code::bad_request, "an upgrade request has no body");
  if (!websocketpp::processor::is_websocket_handshake(request)) {
    return refuse(http::status_code::upgrade_required, "the request is no WebSocket upgrade");
  }
  if (request.get_header("Sec-WebSocket-Version") != "13") {
    return refuse(http::status_code::upgrade_required, "the WebSocket version is not 13");
  }

  ServerConfig::rng_type no_random;
  ServerProcessor processor(false, true, nullptr, no_random);
  if (const auto ec = processor.validate_handshake(request)) {
    return refuse(http::status_code::bad_request, ec.message());
  }
  http::parser::response response;
  response.set_version("HTTP/1.1");
  response.set_status(http::status_code::switching_protocols);
  processor.process_handshake(request, subprotocol, response);

  UpgradeAnswer answer;
  answer.accepted = true;
  answer.response = response.raw();
  answer.consumed = head_bytes;
  return answer;
}

struct ClientHandshake::Request {
  SecureRandom random;
  ClientProcessor processor{false, false, nullptr, random};
  http::parser::request head;
  bool asked_subprotocol = false;
};

ClientHandshake::ClientHandshake(const std::string& host, const std::string& target, const Headers& headers)
    : request_(std::make_unique<Request>()) {
  const auto uri = std::make_shared<websocketpp::uri>(false, host, target);
  request_->processor.client_handshake_request(request_->head, uri, {});
  request_->head.replace_header("Host", host);
  for (const auto& [name, value] : headers) request_->head.append_header(name, value);
  request_->asked_subprotocol = !request_->head.get_header("Sec-WebSocket-Protocol").empty();
}

ClientHandshake::~ClientHandshake() = default;

std::string ClientHandshake::request() const {
  return request_->head.raw();
}

ClientHandshake::Progress ClientHandshake::feed(std::string_view& bytes) {
  const std::size_t before = head_.size();
  head_.append(bytes.substr(0, max_head_bytes - before));
  const auto end = head_.find(end_of_head, before < end_of_head.size() ? 0 : before - end_of_head.size());
  if (end == std::string::npos) {
    bytes = {};
    if (head_.size() < max_head_bytes) return Progress::incomplete;
    problem_ = "the server's answer is no HTTP answer, or too long";
    return Progress::failed;
  }
  head_.resize(end + end_of_head.size());
  bytes.remove_prefix(head_.size() - before);
  return judge();
}

ClientHandshake::Progress ClientHandshake::judge() {
  http_status_ = status_of(head_);
  if (http_status_ == 0) {
    problem_ = "the server's answer is no HTTP answer";
    return Progress::failed;
  }
  if (http_status_ != http::status_code::switching_protocols) {
    // In our words: the server's could repeat what we sent.
    problem_ = "HTTP " + std::to_string(http_status_);
    if (const std::string phrase = phrase_of(http_status_); !phrase.empty()) problem_ += " " + phrase;
    return Progress::failed;
  }
  http::parser::response response;
  try {
    response.consume(head_.data(), head_.size());
  } catch (const http::exception& e) {
    problem_ = std::string("the server's answer is no HTTP answer: ") + e.what();
    return Progress::failed;
  }
  if (request_->processor.validate_server_handshake_response(request_->head, response)) {
    problem_ = "the server's answer is no answer to a WebSocket handshake";
  } else if (!response.get_header("Sec-WebSocket-Extensions").empty()) {
    problem_ = "the server selected an extension that nobody asked for";
  } else if (!request_->asked_subprotocol && !response.get_header("Sec-WebSocket-Protocol").empty()) {
    problem_ = "the server selected a subprotocol that nobody asked for";
  }
  return problem_.empty() ? Progress::open : Progress::failed;
}

}  // namespace webmacs
