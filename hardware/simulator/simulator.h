#pragma once
// Serves every TCP device of a rig over Modbus: one listening port per distinct host and port, all its units behind it.
// One thread: the one that runs the io_context.

#include "hardware/rig_settings.h"
#include "hardware/simulator/session.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>
#include <vector>

namespace webmacs {

struct SimulatorOptions {
  bool local = false;    // loopback and free ports instead of the addresses that the rig names
  bool counter = false;  // values count their reads
  std::vector<FaultChance> faults;
  std::string journal;  // a file, or empty
};

class Simulator {
 public:
  // Listens when the constructor returns. Throws std::runtime_error (std::system_error for the journal) when an address
  // cannot be listened on, with the address and the reason. Must outlive the running of `io`.
  Simulator(boost::asio::io_context& io, const RigSettings& rig, const SimulatorOptions& options);
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  // Where a device is really served: its own host and port, or the loopback ones. Empty for a serial device.
  struct Address {
    std::string host;
    int port = 0;
  };
  std::vector<Address> addresses() const;  // one per device of the rig, in its order

  std::uint64_t requests() const { return context_.requests; }
  std::uint64_t faults() const { return context_.faults; }

 private:
  struct Port {
    std::string line;
    SimulatedLine served;
    boost::asio::ip::tcp::acceptor acceptor;
    boost::asio::steady_timer pause;
    Address address;
    Port(boost::asio::io_context& io, std::string name) : line(std::move(name)), acceptor(io), pause(io) {}
  };

  Port& port_of(const DeviceSettings& device);
  void listen(Port& port, const DeviceSettings& device);
  void accept(Port& port);

  boost::asio::io_context& io_;
  const RigSettings rig_;
  const bool local_;
  SessionContext context_;
  std::vector<std::unique_ptr<Port>> ports_;
};

}  // namespace webmacs
