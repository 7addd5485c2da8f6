#include "hardware/simulator/simulator.h"

#include "common/log.h"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <stdexcept>

namespace webmacs {

using boost::asio::ip::tcp;
using boost::system::error_code;

Simulator::Simulator(boost::asio::io_context& io, const RigSettings& rig, const SimulatorOptions& options)
    : io_(io),
      rig_(rig),
      local_(options.local),
      context_{FaultDice(options.faults),
               options.journal.empty() ? nullptr : std::make_unique<Journal>(options.journal)} {
  for (const DeviceSettings& device : rig_.devices) {
    if (device.transport == Transport::rtu) {
      log_warning("device {}: {} is a serial line, which is not simulated; left out", device.name, device.line());
      continue;
    }
    Port& port = port_of(device);
    SimulatedUnit unit(device, rig_.events, options.counter);
    log_info("device {}: serving unit {} at {}:{}, {} event(s)", device.name, device.unit, port.address.host,
             port.address.port, unit.events());
    port.served.members.emplace(device.unit, SimulatedLine::Member{std::move(unit), device.timeout});
  }
  for (const auto& port : ports_) accept(*port);
}

Simulator::~Simulator() = default;

Simulator::Port& Simulator::port_of(const DeviceSettings& device) {
  for (const auto& port : ports_) {
    if (port->line == device.line()) return *port;
  }
  ports_.push_back(std::make_unique<Port>(io_, device.line()));
  Port& port = *ports_.back();
  port.served.rtu_frames = device.transport == Transport::rtu_over_tcp;
  listen(port, device);
  return port;
}

void Simulator::listen(Port& port, const DeviceSettings& device) {
  error_code error;
  tcp::endpoint endpoint(boost::asio::ip::address_v4::loopback(), 0);
  if (!local_) {
    tcp::resolver resolver(io_);
    const auto found = resolver.resolve(device.host, std::to_string(device.port), error);
    if (!error) endpoint = *found.begin();
  }
  tcp::acceptor& acceptor = port.acceptor;
  if (!error) acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) {
    throw std::runtime_error("cannot listen on " + device.host + ":" + std::to_string(device.port) + " for device " +
                             device.name + ": " + error.message() + " (--local serves on loopback instead)");
  }
  const tcp::endpoint bound = acceptor.local_endpoint();
  port.address = {local_ ? bound.address().to_string() : device.host, bound.port()};
}

void Simulator::accept(Port& port) {
  port.acceptor.async_accept([this, &port](error_code error, tcp::socket socket) {
    if (error == boost::asio::error::operation_aborted) return;
    if (!error) {
      std::make_shared<Session>(std::move(socket), port.served, context_)->start();
      accept(port);
      return;
    }
    // Out of descriptors, most likely: the next try comes after a rest.
    log_warning("{}: a connection could not be accepted: {}", port.line, error.message());
    port.pause.expires_after(std::chrono::milliseconds(200));
    port.pause.async_wait([this, &port](error_code stopped) {
      if (!stopped) accept(port);
    });
  });
}

std::vector<Simulator::Address> Simulator::addresses() const {
  std::vector<Address> addresses;
  for (const DeviceSettings& device : rig_.devices) {
    addresses.emplace_back();
    for (const auto& port : ports_) {
      if (port->line == device.line()) addresses.back() = port->address;
    }
  }
  return addresses;
}

}  // namespace webmacs
