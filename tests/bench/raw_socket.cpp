#include "raw_socket.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

namespace webmacs {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Lengths of 0xFFFF and below in 2 bytes; frames of more are not sent here.
void append_length(std::string& out, std::size_t size, unsigned char mask_bit) {
  if (size > 0xFFFF) throw std::runtime_error("a message of over 64 KiB");
  if (size < 126) {
    out.push_back(static_cast<char>(mask_bit | size));
    return;
  }
  out.push_back(static_cast<char>(mask_bit | 126));
  out.push_back(static_cast<char>(size >> 8));
  out.push_back(static_cast<char>(size & 0xFF));
}

}  // namespace

int checked(int result, const char* call) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), call);
  return result;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor open_websocket(std::uint16_t port, const std::string& path, const std::string& token, std::string& rest) {
  Descriptor socket(checked(::socket(AF_INET, SOCK_STREAM, 0), "socket"));
  const sockaddr_in address = loopback(port);
  checked(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
  const int on = 1;
  checked(::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  std::string request = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: d2VibWFjcyBiZW5jaG1hcg==\r\n";
  if (!token.empty()) request += "Authorization: Bearer " + token + "\r\n";
  request += "\r\n";
  checked(static_cast<int>(::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL)), "send");
  std::string answer;
  std::size_t end = std::string::npos;
  while ((end = answer.find("\r\n\r\n")) == std::string::npos) {
    char bytes[4096];
    const int size = checked(static_cast<int>(::recv(socket.get(), bytes, sizeof bytes, 0)), "recv");
    if (size == 0) throw std::runtime_error("the server closed during the handshake");
    answer.append(bytes, static_cast<std::size_t>(size));
  }
  if (answer.compare(0, 12, "HTTP/1.1 101") != 0) {
    throw std::runtime_error("no WebSocket: " + answer.substr(0, answer.find('\r')));
  }
  rest = answer.substr(end + 4);
  checked(::fcntl(socket.get(), F_SETFL, O_NONBLOCK), "O_NONBLOCK");
  return socket;
}

Descriptor listen_on_loopback(std::uint16_t& port) {
  Descriptor socket(checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket"));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  checked(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), "bind");
  checked(::listen(socket.get(), SOMAXCONN), "listen");
  checked(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  port = ntohs(address.sin_port);
  return socket;
}

void watch_descriptor(int epoll, int fd, std::uint32_t events, std::uint64_t data, bool again) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = data;
  checked(::epoll_ctl(epoll, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void append_client_frame(std::string& out, std::string_view payload) {
  out.push_back('\x81');
  append_length(out, payload.size(), 0x80);
  out.append(4, '\0');
  out.append(payload);
}

std::size_t FrameCounter::header_size() const {
  if (have_ < 2) return 2;
  const int length = header_[1] & 0x7F;
  return length < 126 ? 2 : length == 126 ? 4 : 10;
}

void FrameCounter::begin_payload() {
  const int opcode = header_[0] & 0x0F;
  if (opcode == 8) throw std::runtime_error("the server closed a connection");
  remaining_ = static_cast<unsigned char>(header_[1]) & 0x7FU;
  if (have_ > 2) remaining_ = 0;
  for (std::size_t i = 2; i < have_; ++i) remaining_ = remaining_ << 8 | static_cast<unsigned char>(header_[i]);
  have_ = 0;
  if (opcode > 8) return;
  ++frames;
  payload_bytes += remaining_;
}

void FrameCounter::feed(const char* bytes, std::size_t size) {
  if (count_braces) open_braces += static_cast<std::uint64_t>(std::count(bytes, bytes + size, '{'));
  const char* const end = bytes + size;
  while (bytes < end) {
    if (remaining_ > 0) {
      const auto step = std::min(remaining_, static_cast<std::uint64_t>(end - bytes));
      bytes += step;
      remaining_ -= step;
      continue;
    }
    // The usual case: a whole header of a text frame with a length of two bytes.
    if (have_ == 0 && end - bytes >= 4 && bytes[0] == '\x81' && bytes[1] == 126) {
      remaining_ = static_cast<unsigned char>(bytes[2]) * 256U + static_cast<unsigned char>(bytes[3]);
      bytes += 4;
      ++frames;
      payload_bytes += remaining_;
      continue;
    }
    header_[have_++] = *bytes++;
    if (have_ >= 2 && have_ == header_size()) begin_payload();
  }
}

}  // namespace webmacs
