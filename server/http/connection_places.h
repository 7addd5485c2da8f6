#pragma once
// How many connections there may be: in all, and of one address. A client behind a trusted proxy counts under the
// address that the proxy names. Network thread only.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

struct ConnectionLimitsPerHub {
  std::size_t connections = 10000;
  std::size_t connections_per_address = 200;
  std::vector<std::string> trusted_proxies;  // many clients share their address: not bounded as one
};

class ConnectionPlaces;

// One connection's place, from the accept to the close. May outlive the ConnectionPlaces.
class ConnectionPlace {
 public:
  ~ConnectionPlace();
  ConnectionPlace(const ConnectionPlace&) = delete;
  ConnectionPlace& operator=(const ConnectionPlace&) = delete;

  // The request that came is `client`'s (the peer itself, or whom a trusted proxy names). False when that client has
  // its share; the place stays with whom it was.
  bool try_name(const std::string& client);

 private:
  friend class ConnectionPlaces;
  struct Counts;
  ConnectionPlace(std::shared_ptr<Counts> counts, std::string peer);
  void leave_address();

  const std::shared_ptr<Counts> counts_;
  const std::string peer_;
  std::string counted_as_;  // empty: a trusted proxy that named no client yet
};

class ConnectionPlaces {
 public:
  explicit ConnectionPlaces(ConnectionLimitsPerHub limits);

  // Null when there is none for this peer.
  std::shared_ptr<ConnectionPlace> try_take(const std::string& peer);
  // Holds for those that come; who is in stays.
  void set_limits(ConnectionLimitsPerHub limits);

  std::size_t taken() const;
  // How often there was none; the log says so, once a minute for each cause.
  std::uint64_t refused() const;

 private:
  std::shared_ptr<ConnectionPlace::Counts> counts_;
};

}  // namespace webmacs
