#pragma once
// A real HttpSession over loopback, a service behind it that does what a test wants, and a client that notes what it
// receives.

#include "server/http/http_session.h"
#include "unit/run_until.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace webmacs::testing {

// What the test sees of the program behind the connections.
struct NotedService : HttpService {
  struct Exchange : HttpExchange {
    Exchange(NotedService& service, HttpRequest request) : service_(service), request_(std::move(request)) {}
    std::optional<HttpResponse> refusal() override { return service_.refused; }
    std::size_t most_body_bytes() const override { return service_.most_body_bytes; }
    void handle(std::string body, HttpAnswer answer) override {
      request_.body = std::move(body);
      service_.handled.push_back(request_);
      service_.answer(service_.handled.back(), std::move(answer));
    }

   private:
    NotedService& service_;
    HttpRequest request_;
  };
  struct Upgrade : HttpUpgrade {
    explicit Upgrade(NotedService& service) : service_(service) {}
    std::optional<HttpResponse> refusal() override { return service_.refused; }
    void take_over(std::string raw_request, std::unique_ptr<ByteStream> stream,
                   std::shared_ptr<ConnectionPlace> place) override {
      service_.taken_over = std::move(raw_request);
      service_.stream = std::move(stream);
      service_.place = std::move(place);
    }

   private:
    NotedService& service_;
  };

  void begin(HttpRequest request, std::function<void(HttpBegun)> begun) override {
    if (request.path.starts_with("/ws/")) return begun(std::make_unique<Upgrade>(*this));
    begun(std::make_unique<Exchange>(*this, std::move(request)));
  }

  std::vector<HttpRequest> handled;
  std::optional<HttpResponse> refused;  // by the head alone
  std::size_t most_body_bytes = 1 << 20;
  std::function<void(const HttpRequest& request, HttpAnswer answer)> answer = [](const HttpRequest& request,
                                                                                 HttpAnswer answer) {
    HttpResponse response;
    response.body = request.path + " " + request.body;
    answer(std::move(response));
  };
  // What an upgrade got.
  std::string taken_over;
  std::unique_ptr<ByteStream> stream;
  std::shared_ptr<ConnectionPlace> place;
};

class HttpBench {
 public:
  explicit HttpBench(ConnectionLimitsPerHub limits = {}) : places(std::move(limits)) {
    Tcp::acceptor acceptor(io, Tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    client.connect(acceptor.local_endpoint());
    auto place = places.try_take("127.0.0.1");
    REQUIRE(place);
    const auto session = std::make_shared<HttpSession>(HttpServices{service, trusted_proxies, deadlines, sessions},
                                                       make_plain_stream(acceptor.accept()), "127.0.0.1", place);
    session->start();
    receive();
  }
  // As the hub does: no session outlives what it uses.
  ~HttpBench() {
    error_code ignored;
    client.close(ignored);
    sessions.close_all();
    service.stream.reset();
    service.place.reset();
    run_until([&] { return places.taken() == 0; });
  }
  HttpBench(const HttpBench&) = delete;
  HttpBench& operator=(const HttpBench&) = delete;

  template <typename Condition>
  bool run_until(Condition condition) {
    return webmacs::run_until(io, condition);
  }
  // Whether the client has received what ends so, and nothing behind.
  bool receives(std::string_view end) {
    return run_until([&] { return received.ends_with(end); });
  }
  bool is_closed() {
    return run_until([&] { return ended.has_value(); });
  }
  // However much it is: the hub's thread reads while the client writes.
  void send(std::string text) {
    const auto sent = std::make_shared<std::string>(std::move(text));
    bool done = false;
    boost::asio::async_write(client, boost::asio::buffer(*sent),
                             [sent, &done](error_code, std::size_t) { done = true; });
    REQUIRE(run_until([&] { return done; }));
  }
  // The number of answers that came: heads, 100 included.
  std::size_t answers() const {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = received.find("HTTP/1.1 ", at)) != std::string::npos; ++at) ++count;
    return count;
  }

  boost::asio::io_context io;
  std::vector<std::string> trusted_proxies;
  DeadlineList deadlines{io};
  HttpSessionSet sessions;
  ConnectionPlaces places;
  NotedService service;
  Tcp::socket client{io};
  std::string received;
  std::optional<error_code> ended;  // why nothing more is received

 private:
  void receive() {
    client.async_read_some(boost::asio::buffer(block_), [this](error_code ec, std::size_t bytes) {
      received.append(block_.data(), bytes);
      if (ec) {
        ended = ec;
        return;
      }
      receive();
    });
  }

  std::array<char, 4096> block_{};
};

}  // namespace webmacs::testing
