#include "agent/hub_request.h"

#include "common/websocket/byte_stream.h"
#include "common/websocket/name_lookup.h"
#include "common/websocket/tls.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <chrono>
#include <sstream>
#include <stdexcept>

namespace webmacs {
namespace {

namespace http = boost::beast::http;

constexpr std::chrono::seconds patience{20};
constexpr std::uint64_t longest_answer = 64 * 1024;

std::string host_and_port(const WebSocketUrl& hub) {
  const bool bare_v6 = hub.host.find(':') != std::string::npos;
  return (bare_v6 ? "[" + hub.host + "]" : hub.host) + ":" + hub.port;
}

std::string request_text(const WebSocketUrl& hub, const std::string& path, const std::string& json) {
  http::request<http::string_body> request(http::verb::post, hub.target + path, 11);
  request.set(http::field::host, host_and_port(hub));
  request.set(http::field::user_agent, "webmacs-agent/" WEBMACS_VERSION);
  request.set(http::field::content_type, "application/json");
  request.keep_alive(false);
  request.body() = json;
  request.prepare_payload();
  std::ostringstream text;
  text << request;
  return text.str();
}

// The steps of one request, each of which begins the next. Lives until the io_context has ended.
class Exchange {
 public:
  Exchange(boost::asio::io_context& io, const WebSocketUrl& hub, const std::string& ca_file, std::string request)
      : io_(io), at_work_(io.get_executor()), hub_(hub), ca_file_(ca_file), request_(std::move(request)) {
    parser_.body_limit(longest_answer);
    lookup_ = std::make_unique<NameLookup>(io, hub.host, hub.port, [this](const std::string& why, auto addresses) {
      if (!why.empty()) return fail("cannot resolve " + hub_.host + ": " + why);
      addresses_ = std::move(addresses);
      connect(0);
    });
  }

  HubAnswer answer() {
    if (!failure_.empty()) throw std::runtime_error(failure_);
    if (!parser_.is_done()) throw std::runtime_error(host_and_port(hub_) + ": no answer within 20 s");
    return {parser_.get().result_int() > 0 ? static_cast<int>(parser_.get().result_int()) : 0,
            std::move(parser_.get().body())};
  }

 private:
  void connect(std::size_t index) {
    socket_ = std::make_unique<Tcp::socket>(io_);
    socket_->async_connect(addresses_.at(index), [this, index](error_code ec) {
      if (!ec) return secure();
      if (index + 1 < addresses_.size()) return connect(index + 1);
      fail("cannot connect to " + host_and_port(hub_) + ": " + ec.message());
    });
  }

  void secure() {
    if (hub_.tls) {
      tls_ = make_client_tls(ca_file_);
      stream_ = make_tls_stream(std::move(*socket_), *tls_, false, hub_.host);
    } else {
      stream_ = make_plain_stream(std::move(*socket_));
    }
    stream_->async_handshake([this](error_code ec) {
      if (ec) return fail("TLS handshake with " + host_and_port(hub_) + ": " + stream_->handshake_problem(ec));
      stream_->async_write({boost::asio::buffer(request_)}, [this](error_code written, std::size_t) {
        if (written) return fail(host_and_port(hub_) + ": " + written.message());
        read();
      });
    });
  }

  void read() {
    stream_->async_read([this](error_code ec, std::string_view bytes) {
      if (ec) return fail(host_and_port(hub_) + ": the connection ended before the answer: " + ec.message());
      received_.append(bytes);
      error_code wrong;
      parser_.eager(true);
      received_.erase(0, parser_.put(boost::asio::buffer(received_), wrong));
      if (wrong && wrong != http::error::need_more) return fail(host_and_port(hub_) + " does not speak HTTP");
      if (parser_.is_done()) return end();
      read();
    });
  }

  void fail(std::string why) {
    failure_ = std::move(why);
    end();
  }

  void end() {
    at_work_.reset();
    if (stream_) stream_->close();
  }

  boost::asio::io_context& io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> at_work_;  // the lookup is a thread's
  const WebSocketUrl& hub_;
  const std::string& ca_file_;
  const std::string request_;
  std::unique_ptr<NameLookup> lookup_;
  std::vector<Tcp::endpoint> addresses_;
  std::unique_ptr<Tcp::socket> socket_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  std::unique_ptr<ByteStream> stream_;
  http::response_parser<http::string_body> parser_;
  std::string received_;
  std::string failure_;
};

}  // namespace

std::optional<WebSocketUrl> parse_hub_address(std::string_view text) {
  std::string url(text);
  if (url.starts_with("http")) url.replace(0, 4, "ws");
  auto hub = parse_websocket_url(url);
  if (!hub || hub->target.find('?') != std::string::npos) return std::nullopt;
  constexpr std::string_view telemetry = "/ws/controller/telemetry";
  if (hub->target.ends_with(telemetry)) hub->target.resize(hub->target.size() - telemetry.size());
  while (hub->target.ends_with('/')) hub->target.pop_back();
  return hub;
}

HubAnswer post_to_hub(const WebSocketUrl& hub, const std::string& ca_file, const std::string& path,
                      const std::string& json) {
  boost::asio::io_context io(1);
  Exchange exchange(io, hub, ca_file, request_text(hub, path, json));
  io.run_for(patience);
  return exchange.answer();
}

}  // namespace webmacs
