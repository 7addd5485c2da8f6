#include "hardware/modbus_channel.h"
#include "hardware/tcp_connect.h"

#include <sys/socket.h>

#include <unistd.h>
#include <utility>
#include <vector>

namespace webmacs {
namespace {

// Modbus TCP. libmodbus sends every raw request with transaction id 0, so that a reply to an earlier request could not
// be told from the right one, and one at a time: the twelve bytes are written here.
class TcpChannel : public ModbusChannel {
 public:
  explicit TcpChannel(const DeviceSettings& settings) : host_(settings.host), port_(settings.port) {}
  ~TcpChannel() override { disconnect(); }

  int open(std::chrono::microseconds timeout, const Interrupt& interrupt, std::string& error) override {
    disconnect();
    TcpConnection connection = connect_tcp(host_, port_, timeout, interrupt);
    error = std::move(connection.error);
    return descriptor_ = connection.descriptor;
  }

  void close() override { disconnect(); }

  bool send(std::span<const TaggedRequest> requests) override {
    frames_.clear();
    for (const TaggedRequest& each : requests) {
      const auto frame = tcp_request(each.request, each.transaction);
      frames_.insert(frames_.end(), frame.begin(), frame.end());
    }
    // Requests fit into any send buffer that has room at all; a full one is a peer that stopped reading.
    return ::send(descriptor_, frames_.data(), frames_.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(frames_.size());
  }

  bool has_transactions() const override { return true; }
  bool is_network() const override { return true; }
  std::chrono::microseconds gap() const override { return {}; }
  std::chrono::microseconds time_on_wire(std::size_t) const override { return {}; }

 private:
  void disconnect() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

  const std::string host_;
  const int port_;
  int descriptor_ = -1;
  std::vector<std::uint8_t> frames_;  // being sent
};

}  // namespace

std::unique_ptr<ModbusChannel> make_tcp_channel(const DeviceSettings& settings) {
  return std::make_unique<TcpChannel>(settings);
}

}  // namespace webmacs
