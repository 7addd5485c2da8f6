#pragma once
// A TCP connection with a deadline: resolving the name and every address tried included.

#include "common/host_lookup.h"
#include "hardware/interrupt.h"

#include <chrono>
#include <string>
#include <vector>

namespace webmacs {

struct TcpConnection {
  int descriptor = -1;  // non-blocking, close-on-exec, TCP_NODELAY, keep-alive; the caller closes it
  std::string error;    // why there is none: "Connection refused", "timed out", "the name cannot be resolved: …"
  bool interrupted = false;
};

// Blocks until connected, failed, `timeout` passed or `interrupt` was raised. A name is resolved by a helper thread
// which is left behind when it is too slow, since getaddrinfo(3) knows no deadline; numeric addresses need none.
TcpConnection connect_tcp(const std::string& host, int port, std::chrono::microseconds timeout,
                          const Interrupt& interrupt);

// The same for addresses that are known: each is tried in turn, with its share of the time that is left. `error` is the
// last one's, and empty when one of them answers.
TcpConnection connect_to_any(const std::vector<SocketAddress>& addresses,
                             std::chrono::steady_clock::time_point deadline, const Interrupt& interrupt);

}  // namespace webmacs
