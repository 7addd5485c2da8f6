#include "common/error_text.h"
#include "hardware/modbus_channel.h"
#include "hardware/serial_port.h"
#include "hardware/tcp_connect.h"

#include <fmt/format.h>
#include <modbus/modbus.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace webmacs {
namespace {

using std::chrono::microseconds;

// RTU frames on a serial line, or over a TCP connection to a serial server. libmodbus sets the line up, switches RS-485
// and sends; receiving is ours, for the exact deadline and the exact checks.
class RtuChannel : public ModbusChannel {
 public:
  explicit RtuChannel(const DeviceSettings& settings) : settings_(settings) {}
  ~RtuChannel() override { disconnect(); }

  int open(microseconds timeout, const Interrupt& interrupt, std::string& error) override {
    disconnect();
    // Over TCP the device name is never opened: libmodbus only needs one to build the context.
    const char parity = settings_.parity == Parity::none ? 'N' : settings_.parity == Parity::even ? 'E' : 'O';
    const std::string port = over_tcp() ? "/dev/null" : settings_.serial;
    context_ = ::modbus_new_rtu(port.c_str(), settings_.baud, parity, 8, settings_.stop_bits);
    if (context_ == nullptr) {
      error = error_text(errno);
      return -1;
    }
    ::modbus_set_error_recovery(context_, MODBUS_ERROR_RECOVERY_NONE);
    const int descriptor = over_tcp() ? open_tcp(timeout, interrupt, error) : open_serial(error);
    if (descriptor < 0) disconnect();
    return descriptor;
  }

  void close() override { disconnect(); }

  bool send(std::span<const TaggedRequest> requests) override {
    for (const TaggedRequest& each : requests) {
      const auto body = request_body(each.request);
      const int sent = ::modbus_send_raw_request(context_, body.data(), static_cast<int>(body.size()));
      if (sent != static_cast<int>(rtu_request_bytes)) return false;
    }
    return true;
  }

  bool has_transactions() const override { return false; }
  bool is_network() const override { return over_tcp(); }

  microseconds gap() const override { return over_tcp() ? microseconds(0) : frame_gap(settings_); }

  microseconds time_on_wire(std::size_t bytes) const override {
    if (over_tcp()) return microseconds(0);  // the speed behind the server is not known here
    return std::chrono::duration_cast<microseconds>(bytes * character_time(settings_));
  }

 private:
  bool over_tcp() const { return settings_.transport == Transport::rtu_over_tcp; }

  int open_tcp(microseconds timeout, const Interrupt& interrupt, std::string& error) {
    TcpConnection connection = connect_tcp(settings_.host, settings_.port, timeout, interrupt);
    error = std::move(connection.error);
    if (connection.descriptor >= 0) ::modbus_set_socket(context_, connection.descriptor);
    return descriptor_ = connection.descriptor;
  }

  int open_serial(std::string& error) {
    error = lock_.take(settings_.serial);
    if (!error.empty()) return -1;
    if (::modbus_connect(context_) != 0) {
      error = error_text(errno);
      return -1;
    }
    if (settings_.rs485 && ::modbus_rtu_set_serial_mode(context_, MODBUS_RTU_RS485) != 0) {
      error = fmt::format(
          "rs485 = true, but {} has no RS-485 mode to switch on ({}); an adapter that switches by itself "
          "needs rs485 = false",
          settings_.serial, error_text(errno));
      ::modbus_close(context_);
      return -1;
    }
    descriptor_ = ::modbus_get_socket(context_);
    ::fcntl(descriptor_, F_SETFL, ::fcntl(descriptor_, F_GETFL) | O_NONBLOCK);
    ::fcntl(descriptor_, F_SETFD, FD_CLOEXEC);
    lock_.make_exclusive();
    return descriptor_;
  }

  void disconnect() {
    close_line();
    lock_.release();
  }

  void close_line() {
    if (context_ == nullptr) return;
    // libmodbus restores a serial line's old settings, which only makes sense for one that it opened.
    if (descriptor_ >= 0 && over_tcp()) ::close(descriptor_);
    if (descriptor_ >= 0 && !over_tcp()) ::modbus_close(context_);
    ::modbus_free(context_);
    context_ = nullptr;
    descriptor_ = -1;
  }

  const DeviceSettings settings_;
  SerialLock lock_;
  modbus_t* context_ = nullptr;
  int descriptor_ = -1;
};

}  // namespace

std::unique_ptr<ModbusChannel> make_rtu_channel(const DeviceSettings& settings) {
  return std::make_unique<RtuChannel>(settings);
}

}  // namespace webmacs
