#include "hardware/simulator/simulator.h"

#include "common/log.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <sstream>
#include <stdexcept>

namespace webmacs {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

// Programs on a busy machine pause within a frame, too.
constexpr std::chrono::milliseconds least_silence{20};

// Three and a half characters of eleven bits.
std::chrono::microseconds silence_of(const DeviceSettings& device) {
  return std::chrono::microseconds(38'500'000 / device.baud);
}

}  // namespace

Simulator::Simulator(boost::asio::io_context& io, const RigSettings& rig, const SimulatorOptions& options)
    : io_(io),
      rig_(rig),
      local_(options.local),
      context_{FaultDice(options.faults),
               options.journal.empty() ? nullptr : std::make_unique<Journal>(options.journal)} {
  std::signal(SIGPIPE, SIG_IGN);  // a write to a client that left is an error, not the end
  for (const DeviceSettings& device : rig_.devices) {
    Port& port = port_of(device);
    SimulatedUnit unit(device, rig_.events, options.shows);
    const std::string where =
        port.served.serial ? port.address.serial : port.address.host + ":" + std::to_string(port.address.port);
    log_info("device {}: serving unit {} at {}, {} event(s)", device.name, device.unit, where, unit.events());
    port.served.members.emplace(device.unit, SimulatedLine::Member{std::move(unit), device.timeout});
  }
  for (const std::string& quirk : options.quirks) {
    std::string mistake;
    if (!set_device_quirk(quirk, mistake)) throw std::invalid_argument(mistake);
  }
  for (const auto& port : ports_) {
    SimulatedLine& line = port->served;
    line.one_wire = line.rtu_frames || line.quirks.gateway_wait.count() > 0;
    if (!port->served.serial) {
      accept(*port);
      continue;
    }
    boost::asio::posix::stream_descriptor stream(io_, port->terminal->release());
    std::make_shared<Session>(std::move(stream), port->served, context_)->start();
  }
}

Simulator::~Simulator() = default;

Simulator::Port& Simulator::port_of(const DeviceSettings& device) {
  for (const auto& port : ports_) {
    if (port->line == device.line()) return *port;
  }
  ports_.push_back(std::make_shared<Port>(io_, device.line()));
  Port& port = *ports_.back();
  port.served.rtu_frames = device.transport != Transport::tcp;
  port.served.serial = device.transport == Transport::rtu;
  port.served.frame_silence = std::max<std::chrono::microseconds>(least_silence, silence_of(device));
  if (port.served.serial) {
    open_terminal(port, device);
  } else {
    listen(port, device);
  }
  return port;
}

void Simulator::open_terminal(Port& port, const DeviceSettings& device) {
  port.terminal = std::make_unique<PseudoTerminal>();
  port.address.serial = port.terminal->path();
  if (local_) return;
  try {
    port.terminal->link_as(device.serial);
  } catch (const std::exception& error) {
    throw std::runtime_error("device " + device.name + ": " + error.what() +
                             " (--local serves at another path instead)");
  }
  port.address.serial = device.serial;
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
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      if (const auto taken = port.take_socket()) {
        boost::asio::posix::stream_descriptor stream(io_, socket.release());
        std::make_shared<Session>(std::move(stream), port.served, context_, taken)->start();
      }
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

// Null when all are in use: the connection is then closed at once.
std::shared_ptr<void> Simulator::Port::take_socket() {
  const int most = served.quirks.sockets;
  if (most > 0 && sockets >= most) return nullptr;
  ++sockets;
  // The session that holds it may outlive the port.
  return {this, [port = weak_from_this()](void*) {
            if (const auto there = port.lock()) there->free_socket();
          }};
}

void Simulator::Port::free_socket() {
  const auto timer = std::make_shared<boost::asio::steady_timer>(pause.get_executor(), served.quirks.frees);
  timer->async_wait([port = weak_from_this(), timer](error_code) {
    if (const auto there = port.lock()) --there->sockets;
  });
}

bool Simulator::set_device_quirk(std::string_view text, std::string& mistake) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const auto device = std::find_if(rig_.devices.begin(), rig_.devices.end(),
                                   [&](const DeviceSettings& each) { return each.name == name; });
  if (colon == std::string_view::npos || device == rig_.devices.end()) {
    mistake = fmt::format("device {}: there is no such device (DEVICE:OPTION=VALUE)", text);
    return false;
  }
  SimulatedLine& line = port_of(*device).served;
  if (set_quirk(text.substr(colon + 1), line.members.at(device->unit).quirks, line.quirks, mistake)) return true;
  mistake = fmt::format("device {}: {}", name, mistake);
  return false;
}

bool Simulator::command(std::string_view line, std::string& answer) {
  if (line == "none") {
    context_.dice.clear();
    answer = "no faults any more";
    return true;
  }
  const std::string text(line);
  std::istringstream words(text);
  std::string verb;
  words >> verb;
  if (verb == "unit") return switch_unit(text, words, answer);
  if (verb == "write") return write_register(text, words, answer);
  if (verb == "device") {
    std::string quirk;
    words >> quirk;
    if (!set_device_quirk(quirk, answer)) return false;
    answer = text;
    return true;
  }
  const auto fault = parse_fault(line, answer);
  if (!fault) return false;
  context_.dice.set(*fault);
  answer = text;
  return true;
}

bool Simulator::switch_unit(const std::string& text, std::istream& words, std::string& answer) {
  int number = 0;
  std::string state;
  std::string more;
  int switched = 0;
  if (words >> number >> state && !(words >> more) && (state == "on" || state == "off")) {
    for (const auto& port : ports_) {
      const auto member = port->served.members.find(number);
      if (member == port->served.members.end()) continue;
      member->second.off = state == "off";
      ++switched;
    }
  }
  answer = switched > 0 ? text : text + ": there is no such unit, or the word is neither on nor off";
  return switched > 0;
}

bool Simulator::write_register(const std::string& text, std::istream& words, std::string& answer) {
  int number = 0;
  std::string where;
  std::string content;
  std::string more;
  int written = 0;
  if (words >> number >> where >> content && !(words >> more)) {
    const auto place = parse_register(where);
    const auto word = parse_word(content);
    for (const auto& port : ports_) {
      const auto member = port->served.members.find(number);
      if (place && word && member != port->served.members.end() && member->second.unit.write(*place, *word)) ++written;
    }
  }
  answer = written > 0 ? text
                       : text +
                             ": no unit has such a register, or the number is none (write 1 holding:100 0x8000; "
                             "addresses count from 0)";
  return written > 0;
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
