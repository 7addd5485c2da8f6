#pragma once
// Resolves a host name without blocking the network thread, and without ever being waited for: a resolver that hangs
// holds up neither a deadline nor the end of the program. (Boost.Asio's own resolver is joined at the end.)

#include "common/websocket/byte_stream.h"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

class NameLookup {
 public:
  // `problem` is empty when there is at least one address. On the network thread, never from inside the constructor.
  using Handler = std::function<void(const std::string& problem, std::vector<Tcp::endpoint> addresses)>;

  NameLookup(boost::asio::io_context& io, const std::string& host, const std::string& port, Handler handler);
  // The handler is not called any more.
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

 private:
  struct Shared;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace webmacs
