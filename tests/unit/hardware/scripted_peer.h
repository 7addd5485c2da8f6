#pragma once
// A Modbus peer on loopback that does to each request what a test tells it to: a real socket, real time.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace webmacs {

class ScriptedPeer {
 public:
  using Bytes = std::vector<std::uint8_t>;
  struct Reaction {
    Bytes bytes;
    bool close = false;  // after the bytes
    std::chrono::milliseconds delay{0};
    std::chrono::milliseconds between_bytes{0};
  };
  // Called with each whole request and how many there were before it; from one thread at a time.
  using Script = std::function<Reaction(const Bytes& request, int number)>;

  explicit ScriptedPeer(Script script, bool rtu_frames = false, int port = 0);  // 0: any that is free
  ~ScriptedPeer();

  int port() const { return port_; }
  int connections() const { return connections_; }
  int requests() const { return requests_; }
  // Ends every connection that is open now.
  void drop_connections();

  // The right reply, with registers (or bits) that tell their own address: see value_at().
  static Bytes right_reply(const Bytes& request);
  // What the peer's register of that unit and kind (by function) holds.
  static std::uint16_t value_at(int unit, int function, int address);

 private:
  void accept();
  void serve(int socket);

  const Script script_;
  const bool rtu_frames_;
  int listener_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::atomic<int> requests_{0};
  std::mutex mutex_;  // guards sockets_ and the script's calls
  std::vector<int> sockets_;
  std::list<std::thread> sessions_;  // accepting thread only, until it ended
  std::thread thread_;
};

}  // namespace webmacs
