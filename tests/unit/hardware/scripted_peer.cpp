#include "scripted_peer.h"

#include "hardware/modbus_frame.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <poll.h>
#include <stdexcept>
#include <unistd.h>

namespace webmacs {

ScriptedPeer::ScriptedPeer(Script script, bool rtu_frames, int port)
    : script_(std::move(script)), rtu_frames_(rtu_frames), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int yes = 1;  // a port that was just left may be taken again
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0) {
    throw std::runtime_error("no loopback port");
  }
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { accept(); });
}

ScriptedPeer::~ScriptedPeer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  drop_connections();
  for (std::thread& session : sessions_) session.join();
  ::close(listener_);
}

void ScriptedPeer::drop_connections() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
}

void ScriptedPeer::accept() {
  for (;;) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++connections_;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      sockets_.push_back(socket);
    }
    sessions_.emplace_back([this, socket] { serve(socket); });
  }
}

void ScriptedPeer::serve(int socket) {
  const std::size_t request_size = rtu_frames_ ? 8 : 12;
  Bytes request(request_size);
  while (!stopping_ &&
         ::recv(socket, request.data(), request_size, MSG_WAITALL) == static_cast<ssize_t>(request_size)) {
    Reaction reaction;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      reaction = script_(request, requests_++);
    }
    std::this_thread::sleep_for(reaction.delay);
    const std::size_t step = reaction.between_bytes.count() > 0 ? 1 : reaction.bytes.size();
    bool sent = true;
    for (std::size_t at = 0; sent && at < reaction.bytes.size(); at += step) {
      sent = ::send(socket, reaction.bytes.data() + at, step, MSG_NOSIGNAL) == static_cast<ssize_t>(step);
      std::this_thread::sleep_for(reaction.between_bytes);
    }
    if (!sent || reaction.close) break;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  sockets_.erase(std::find(sockets_.begin(), sockets_.end(), socket));
  ::close(socket);
}

std::uint16_t ScriptedPeer::value_at(int unit, int function, int address) {
  if (function <= 2) return static_cast<std::uint16_t>((address / 3 + unit) & 1);
  return static_cast<std::uint16_t>(unit * 4096 + function * 1024 + address);
}

ScriptedPeer::Bytes ScriptedPeer::right_reply(const Bytes& request) {
  const bool rtu = request.size() == 8;
  const std::size_t unit = rtu ? 0 : 6;
  const int function = request[unit + 1];
  const int address = request[unit + 2] << 8 | request[unit + 3];
  const int count = request[unit + 4] << 8 | request[unit + 5];
  const int data = function <= 2 ? (count + 7) / 8 : 2 * count;
  Bytes body = {request[unit], request[unit + 1], static_cast<std::uint8_t>(data)};
  body.resize(3 + static_cast<std::size_t>(data));
  for (int i = 0; i < count; ++i) {
    const std::uint16_t value = value_at(request[unit], function, address + i);
    std::uint8_t* bytes = body.data() + 3;
    if (function <= 2) {
      bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | value << (i % 8));
    } else {
      bytes[2 * i] = static_cast<std::uint8_t>(value >> 8);
      bytes[2 * i + 1] = static_cast<std::uint8_t>(value);
    }
  }
  Bytes reply;
  if (!rtu) {
    reply.assign(request.begin(), request.begin() + 4);
    reply.push_back(static_cast<std::uint8_t>(body.size() >> 8));
    reply.push_back(static_cast<std::uint8_t>(body.size()));
  }
  reply.insert(reply.end(), body.begin(), body.end());
  if (rtu) {
    const std::uint16_t crc = rtu_crc(reply.data(), reply.size());
    reply.push_back(static_cast<std::uint8_t>(crc));
    reply.push_back(static_cast<std::uint8_t>(crc >> 8));
  }
  return reply;
}

}  // namespace webmacs
