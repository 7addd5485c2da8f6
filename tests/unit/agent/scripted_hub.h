#pragma once
// A hub that does what the test says, on our own WebSocket server role: for the uplink and the agent.

#include "agent_test_tools.h"
#include "common/messages.h"
#include "common/websocket/connection.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace webmacs::agent_tests {

class ScriptedHub {
 public:
  struct Client : ConnectionHandler {
    explicit Client(ScriptedHub& owner) : hub(&owner) {}
    void on_open() override {
      ++hub->opened;
      if (hub->greets) {
        connection->try_send(encode(ConnectedMessage{"rig1", hub->max_batch, hub->credit}));
      }
    }
    void on_text(std::string_view text) override { hub->on_frame(*this, std::string(text)); }
    void on_closed(std::uint16_t code, const std::string& reason) override {
      hub->close_codes.push_back(code);
      hub->close_reasons.push_back(reason);
      connection.reset();
    }
    ScriptedHub* hub;
    std::shared_ptr<Connection> connection;
  };

  explicit ScriptedHub(boost::asio::io_context& io)
      : io_(io), deadlines_(io), acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}) {
    accept();
  }
  ~ScriptedHub() {
    for (auto& client : clients) {
      if (client->connection) client->connection->abandon();
    }
  }

  std::string url() const {
    return "ws://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/ws/controller/telemetry";
  }
  // Every batch is acknowledged; the default.
  void acknowledge(Client& client, const ReadingsFrame& frame) {
    AckMessage ack;
    ack.batch = frame.batch.value_or(0);
    ack.stored = frame.readings.size();
    client.connection->try_send(encode(ack));
  }
  Client& last() { return *clients.back(); }
  std::vector<double> values(bool backlog) const {
    std::vector<double> found;
    for (const ReadingsFrame& frame : batches) {
      for (const ReceivedReading& received : frame.readings) {
        if (frame.backlog == backlog && received.reading.value) found.push_back(*received.reading.value);
      }
    }
    return found;
  }

  // What the hub does.
  bool greets = true;
  bool silent = false;       // accepts the TCP connection and says nothing at all
  std::string http_refusal;  // answered instead of the upgrade
  std::size_t credit = 5000;
  std::size_t max_batch = 500;
  std::function<void(Client&, const ReadingsFrame&)> on_batch = [this](Client& client, const ReadingsFrame& frame) {
    acknowledge(client, frame);
  };

  // What it saw.
  std::vector<std::string> requests;
  std::vector<std::shared_ptr<Client>> clients;
  std::vector<ReadingsFrame> batches;
  std::vector<EventDescription> descriptions;
  std::vector<StatusFrame> statuses;
  std::vector<std::string> kinds;  // of frames, in order: "events", "status", "batch", "backlog", "other"
  std::vector<std::uint16_t> close_codes;
  std::vector<std::string> close_reasons;
  int opened = 0;

 private:
  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& ec, boost::asio::ip::tcp::socket socket) {
      if (ec) return;
      start(std::make_shared<boost::asio::ip::tcp::socket>(std::move(socket)));
      accept();
    });
  }

  void start(std::shared_ptr<boost::asio::ip::tcp::socket> socket) {
    auto buffer = std::make_shared<boost::asio::streambuf>();
    boost::asio::async_read_until(
        *socket, *buffer, "\r\n\r\n", [this, socket, buffer](const boost::system::error_code& ec, std::size_t) {
          if (ec) return;
          const auto data = buffer->data();
          std::string request(boost::asio::buffers_begin(data), boost::asio::buffers_end(data));
          requests.push_back(request);
          if (silent) {
            held_.push_back(socket);
            return;
          }
          if (!http_refusal.empty()) {
            boost::system::error_code ignored;
            boost::asio::write(*socket, boost::asio::buffer(http_refusal), ignored);
            return;
          }
          auto client = std::make_shared<Client>(*this);
          ConnectionLimits limits;
          limits.heartbeat_interval = 0ms;
          client->connection = Connection::accept(make_plain_stream(std::move(*socket)), std::move(request), "", limits,
                                                  deadlines_, client);
          clients.push_back(client);
        });
  }

  void on_frame(Client& client, const std::string& text) {
    const ControllerFrame frame = decode_controller_frame(text);
    if (const auto* events = std::get_if<EventsFrame>(&frame)) {
      kinds.push_back("events");
      descriptions.insert(descriptions.end(), events->events.begin(), events->events.end());
    } else if (const auto* status = std::get_if<StatusFrame>(&frame)) {
      kinds.push_back("status");
      statuses.push_back(*status);
    } else if (const auto* readings = std::get_if<ReadingsFrame>(&frame)) {
      kinds.push_back(readings->backlog ? "backlog" : "batch");
      batches.push_back(*readings);
      on_batch(client, *readings);
    } else {
      kinds.push_back("other");
    }
  }

  boost::asio::io_context& io_;
  DeadlineList deadlines_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<std::shared_ptr<boost::asio::ip::tcp::socket>> held_;
};

}  // namespace webmacs::agent_tests
