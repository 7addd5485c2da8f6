#include "hardware/modbus_channel.h"
#include "hardware/tcp_connect.h"

#include <sys/socket.h>

#include <unistd.h>
#include <utility>

namespace webmacs {
namespace {

// Modbus TCP. libmodbus sends every raw request with transaction id 0, so that a reply to an earlier request could not
// be told from the right one: the twelve bytes are written here.
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

  bool send(const ReadRequest& request) override {
    const auto frame = tcp_request(request, ++transaction_);
    // A request fits into any send buffer that has room at all; one that does not is a peer that stopped reading.
    return ::send(descriptor_, frame.data(), frame.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(frame.size());
  }

  ReplyCheck check(const ReadRequest& request, const std::uint8_t* bytes, std::size_t size) const override {
    return check_tcp_reply(request, transaction_, bytes, size);
  }

  bool resynchronises_by_closing() const override { return true; }
  std::chrono::microseconds gap() const override { return std::chrono::microseconds(0); }

 private:
  void disconnect() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

  const std::string host_;
  const int port_;
  int descriptor_ = -1;
  std::uint16_t transaction_ = 0;
};

}  // namespace

std::unique_ptr<ModbusChannel> make_tcp_channel(const DeviceSettings& settings) {
  return std::make_unique<TcpChannel>(settings);
}

}  // namespace webmacs
