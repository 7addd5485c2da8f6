// A peer of the fan-out benchmark: an epoll loop that does nothing but write each message of its publisher as a frame
// to each subscriber, one send() each. No JSON, no store, no timers; whoever asks for /publish publishes. Its handshake
// and its unmasking do no more than the generator needs. Prints its port, and runs until it is killed.

#include "raw_socket.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <vector>

namespace webmacs {
namespace {

constexpr std::size_t most_unsent_bytes = 64 * 1024 * 1024;

struct Peer {
  Descriptor socket;
  bool upgraded = false;
  bool publishes = false;
  std::string unread;
  std::string unsent;  // what the socket has not taken
};

class BareLoop {
 public:
  BareLoop() : epoll_(checked(::epoll_create1(0), "epoll_create1")), listener_(listen_on_loopback(port_)) {
    watch_descriptor(epoll_.get(), listener_.get(), EPOLLIN, static_cast<std::uint64_t>(listener_.get()));
    std::printf("%d\n", port_);
    std::fflush(stdout);
  }

  void run() {
    std::vector<epoll_event> events(256);
    for (;;) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        const int fd = static_cast<int>(event.data.u64);
        if (fd == listener_.get()) {
          accept();
        } else {
          if (event.events & EPOLLOUT) send_unsent(fd);
          if (event.events & ~static_cast<unsigned>(EPOLLOUT)) read(fd);
        }
      }
    }
  }

 private:
  void accept() {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) return;
    peers_[fd].socket = Descriptor(fd);
    watch_descriptor(epoll_.get(), fd, EPOLLIN, static_cast<std::uint64_t>(fd));
  }

  void read(int fd) {
    Peer& peer = peers_[fd];
    const auto size = ::recv(fd, buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      subscribers_.erase(fd);
      peers_.erase(fd);
      return;
    }
    peer.unread.append(buffer_.data(), static_cast<std::size_t>(size));
    if (!peer.upgraded) upgrade(fd, peer);
    if (peer.publishes) broadcast(peer.unread);
  }

  void upgrade(int fd, Peer& peer) {
    const auto end = peer.unread.find("\r\n\r\n");
    if (end == std::string::npos) return;
    peer.upgraded = true;
    peer.publishes = peer.unread.compare(0, 12, "GET /publish") == 0;
    peer.unread.erase(0, end + 4);
    if (!peer.publishes) subscribers_[fd] = &peer;
    send(fd, peer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  }

  // Frames of a client whose mask is zero, with a length of at most two bytes.
  void broadcast(std::string& bytes) {
    std::size_t at = 0;
    for (;;) {
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[at + i]); };
      if (bytes.size() - at < 8) break;
      const bool is_short = (byte(1) & 0x7F) < 126;
      const std::size_t length = is_short ? byte(1) & 0x7FU : byte(2) * 256U + byte(3);
      const std::size_t payload = at + (is_short ? 6 : 8);
      if (bytes.size() < payload + length) break;
      frame_.assign(1, '\x81');
      frame_.push_back(static_cast<char>(byte(1) & 0x7F));
      if (!is_short) frame_.append(bytes, at + 2, 2);
      frame_.append(bytes, payload, length);
      for (auto& [fd, subscriber] : subscribers_) send(fd, *subscriber, frame_);
      at = payload + length;
    }
    bytes.erase(0, at);
  }

  void send(int fd, Peer& peer, const std::string& bytes) {
    std::size_t taken = 0;
    if (peer.unsent.empty()) {
      const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
      if (taken == bytes.size()) return;
      watch_descriptor(epoll_.get(), fd, EPOLLIN | EPOLLOUT, static_cast<std::uint64_t>(fd), true);
    }
    if (peer.unsent.size() < most_unsent_bytes) peer.unsent.append(bytes, taken, std::string::npos);
  }

  void send_unsent(int fd) {
    Peer& peer = peers_[fd];
    const auto sent = ::send(fd, peer.unsent.data(), peer.unsent.size(), MSG_NOSIGNAL);
    if (sent > 0) peer.unsent.erase(0, static_cast<std::size_t>(sent));
    if (peer.unsent.empty()) watch_descriptor(epoll_.get(), fd, EPOLLIN, static_cast<std::uint64_t>(fd), true);
  }

  std::uint16_t port_ = 0;
  Descriptor epoll_;
  Descriptor listener_;
  std::map<int, Peer> peers_;
  std::map<int, Peer*> subscribers_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{256} * 1024);
  std::string frame_;
};

}  // namespace
}  // namespace webmacs

int main() {
  try {
    webmacs::BareLoop().run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
