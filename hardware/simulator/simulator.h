#pragma once
// Serves every device of a rig over Modbus: one listening port per distinct host and port, one pty per serial port, all
// its units behind it. One thread: the one that runs the io_context.

#include "hardware/rig_settings.h"
#include "hardware/simulator/pseudo_terminal.h"
#include "hardware/simulator/session.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <istream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

struct SimulatorOptions {
  bool local = false;  // loopback, free ports and unnamed ptys instead of what the rig names
  SimulatedUnit::Shows shows = SimulatedUnit::Shows::signals;
  std::vector<FaultChance> faults;
  std::vector<std::string> quirks;  // "plc:warmup=500ms", as set_quirk takes it behind the device's name
  std::string journal;              // a file, or empty
};

class Simulator {
 public:
  // Listens when the constructor returns. Throws std::runtime_error (std::system_error for the journal) when an address
  // cannot be listened on or a serial port's name not be taken, with the name and the reason; std::invalid_argument for
  // a quirk that is none. Must outlive the running of `io`.
  Simulator(boost::asio::io_context& io, const RigSettings& rig, const SimulatorOptions& options);
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  // Where a device is really served: its own host and port or the loopback ones, or its serial port.
  struct Address {
    std::string host;
    int port = 0;
    std::string serial = {};
  };
  std::vector<Address> addresses() const;  // one per device of the rig, in its order

  // Misbehaviour on command, on the network thread: "late:0.1" sets a fault's probability, "none" ends all of them,
  // "unit 7 off" and "unit 7 on" switch the units with that number, "write 7 holding:100 0x8000" writes to their
  // register (counted from 0), of any kind, "device plc:sleeps=5s" gives a device a habit. False when it is none of
  // these; `answer` says what was done, or what is allowed.
  bool command(std::string_view line, std::string& answer);

  std::uint64_t requests() const { return context_.requests; }
  std::uint64_t faults() const { return context_.faults; }

 private:
  struct Port : std::enable_shared_from_this<Port> {
    std::string line;
    SimulatedLine served;
    boost::asio::ip::tcp::acceptor acceptor;
    boost::asio::steady_timer pause;
    Address address;
    std::unique_ptr<PseudoTerminal> terminal;  // of a serial line
    int sockets = 0;                           // in use, or not free yet
    Port(boost::asio::io_context& io, std::string name) : line(std::move(name)), acceptor(io), pause(io) {}
    std::shared_ptr<void> take_socket();
    void free_socket();
  };

  bool set_device_quirk(std::string_view text, std::string& mistake);
  bool switch_unit(const std::string& text, std::istream& words, std::string& answer);
  bool write_register(const std::string& text, std::istream& words, std::string& answer);
  Port& port_of(const DeviceSettings& device);
  void open_terminal(Port& port, const DeviceSettings& device);
  void listen(Port& port, const DeviceSettings& device);
  void accept(Port& port);

  boost::asio::io_context& io_;
  const RigSettings rig_;
  const bool local_;
  SessionContext context_;
  std::vector<std::shared_ptr<Port>> ports_;
};

}  // namespace webmacs
