#pragma once
// A simulated rig on loopback and ptys, served by a thread of its own.

#include "hardware/simulator/simulator.h"

#include <boost/asio/post.hpp>

#include <future>
#include <string>
#include <thread>
#include <utility>

namespace webmacs {

class RunningSimulator {
 public:
  explicit RunningSimulator(RigSettings rig, SimulatorOptions options = {})
      : rig_(std::move(rig)), simulator_(io_, rig_, local(std::move(options))), thread_([this] { io_.run(); }) {
    const auto addresses = simulator_.addresses();
    for (std::size_t i = 0; i < rig_.devices.size(); ++i) {
      rig_.devices[i].host = addresses[i].host;
      rig_.devices[i].port = addresses[i].port;
      rig_.devices[i].serial = addresses[i].serial;
    }
  }
  ~RunningSimulator() { stop(); }
  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  // As it is served: its devices point at the simulator.
  const RigSettings& rig() const { return rig_; }
  const Simulator& simulator() const { return simulator_; }
  // As a line on the simulator's standard input.
  bool command(const std::string& line, std::string& answer) {
    std::promise<bool> obeyed;
    boost::asio::post(io_, [&] { obeyed.set_value(simulator_.command(line, answer)); });
    return obeyed.get_future().get();
  }

 private:
  static SimulatorOptions local(SimulatorOptions options) {
    options.local = true;
    return options;
  }

  boost::asio::io_context io_{1};
  RigSettings rig_;
  Simulator simulator_;
  std::thread thread_;
};

}  // namespace webmacs
