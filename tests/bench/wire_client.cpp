#include "wire_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <unistd.h>

namespace webmacs {
namespace {

constexpr std::size_t ports_of_an_address = 20000;
constexpr unsigned char text_frame = 0x81, pong_frame = 0x8A;
constexpr int ping = 9, close_opcode = 8, text_opcode = 1;

std::array<char, 256 * 1024> read_buffer;

sockaddr_in loopback(std::uint32_t last_byte, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(0x7F000000U + last_byte);
  return address;
}

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

WireClient::WireClient(std::uint16_t port, std::size_t number, const std::string& target, const std::string& token)
    : request_("GET " + target +
               " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer " +
               token + "\r\n\r\n") {
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  check(descriptor_ >= 0, "socket");
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(descriptor_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const auto source = loopback(static_cast<std::uint32_t>(1 + number / ports_of_an_address), 0);
  check(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&source), sizeof source) == 0, "bind");
  const auto hub = loopback(1, port);
  const int result = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&hub), sizeof hub);
  check(result == 0 || errno == EINPROGRESS, "connect");
}

WireClient::~WireClient() {
  close();
}

void WireClient::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  closed_ = true;
}

void WireClient::on_connected() {
  if (requested_ || closed_) return;
  requested_ = true;
  const auto sent = ::send(descriptor_, request_.data(), request_.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request_.size())) close();
}

void WireClient::on_readable(const OnText& on_text) {
  if (closed_) return;
  const auto got = ::recv(descriptor_, read_buffer.data(), read_buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return close();
  std::string_view bytes(read_buffer.data(), static_cast<std::size_t>(got));
  if (!unread_.empty()) {
    unread_.append(bytes);
    bytes = unread_;
  }
  std::size_t taken = 0;
  if (!open_) {
    const auto end = bytes.find("\r\n\r\n");
    if (end != std::string_view::npos) {
      if (bytes.substr(0, 12) != "HTTP/1.1 101") return close();
      open_ = true;
      taken = end + 4;
    }
  }
  if (open_) taken += take_frames(bytes.substr(taken), on_text);
  if (!closed_) unread_ = std::string(bytes.substr(taken));
}

std::size_t WireClient::take_frames(std::string_view bytes, const OnText& on_text) {
  std::size_t at = 0;
  while (!closed_ && bytes.size() - at >= 2) {
    std::size_t head = 2;
    std::size_t size = static_cast<unsigned char>(bytes[at + 1]) & 0x7FU;
    if (size >= 126) {
      const std::size_t more = size == 126 ? 2 : 8;
      if (bytes.size() - at < head + more) break;
      size = 0;
      for (std::size_t i = 0; i < more; ++i) size = size << 8U | static_cast<unsigned char>(bytes[at + head + i]);
      head += more;
    }
    if (bytes.size() - at < head + size) break;
    const auto payload = bytes.substr(at + head, size);
    const int opcode = static_cast<unsigned char>(bytes[at]) & 0x0F;
    if (opcode == text_opcode) on_text(payload);
    if (opcode == ping) send_frame(pong_frame, payload);
    if (opcode == close_opcode) close();
    at += head + size;
  }
  return at;
}

bool WireClient::send_text(std::string_view text) {
  return send_frame(text_frame, text);
}

// Masked with zeros: the payload stays as it is.
bool WireClient::send_frame(unsigned char first_byte, std::string_view payload) {
  if (closed_) return false;
  std::string frame(1, static_cast<char>(first_byte));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80U | payload.size());
  } else {
    frame += static_cast<char>(0xFE);
    frame += static_cast<char>(payload.size() >> 8U & 0xFFU);
    frame += static_cast<char>(payload.size() & 0xFFU);
  }
  frame.append(4, '\0').append(payload);
  const auto sent = ::send(descriptor_, frame.data(), frame.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(frame.size())) close();
  return !closed_;
}

}  // namespace webmacs
