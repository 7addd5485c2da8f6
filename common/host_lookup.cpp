#include "common/host_lookup.h"

#include "common/error_text.h"
#include "common/signals.h"

#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <system_error>
#include <thread>
#include <utility>

namespace webmacs {
namespace {

// `failure`: what getaddrinfo returned.
HostAddresses resolve(const std::string& host, const std::string& port, int flags, int& failure) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  failure = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(failure == 0 ? list : nullptr, [](addrinfo* each) {
    if (each) ::freeaddrinfo(each);
  });
  HostAddresses found;
  if (failure != 0) {
    found.problem = failure == EAI_SYSTEM ? error_text(errno) : ::gai_strerror(failure);
    return found;
  }
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    if (entry->ai_addrlen > sizeof address.bytes) continue;
    std::memcpy(&address.bytes, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    found.addresses.push_back(address);
  }
  if (found.addresses.empty()) found.problem = "the name has no address";
  return found;
}

// Addresses of the kinds that this host has; where its only interface is loopback, there are none of these.
HostAddresses resolve_name(const std::string& host, const std::string& port) {
  int failure = 0;
  auto found = resolve(host, port, AI_ADDRCONFIG, failure);
  return failure == EAI_NONAME ? resolve(host, port, 0, failure) : found;
}

}  // namespace

void HostLookups::start(const std::string& host, const std::string& port, const Done& done) {
  if (running_->fetch_add(1) >= most_) {
    running_->fetch_sub(1);
    return done({"earlier look-ups still hang", {}});
  }
  const SignalsBlocked no_signals;  // the thread inherits that
  try {
    std::thread([running = running_, host, port, done] {
      auto found = resolve_name(host, port);
      running->fetch_sub(1);
      done(std::move(found));
    }).detach();
  } catch (const std::system_error& error) {
    running_->fetch_sub(1);
    done({error.what(), {}});
  }
}

HostAddresses numeric_host(const std::string& host, const std::string& port) {
  int failure = 0;
  return resolve(host, port, AI_NUMERICHOST, failure);
}

}  // namespace webmacs
