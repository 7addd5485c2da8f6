#pragma once
// Peers for the WebSocket tests: real sockets on loopback in one io_context, a handler that records, and a peer that
// says on the wire exactly what a test tells it to.

#include "common/websocket/connection.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace webmacs::test {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Loop {
  boost::asio::io_context io;
  DeadlineList deadlines{io};

  // Runs the loop until the condition holds; false when it does not within the time.
  bool until(const std::function<bool()>& condition, std::chrono::milliseconds limit = 5s) {
    const auto end = Clock::now() + limit;
    io.restart();
    while (!condition()) {
      if (Clock::now() >= end) return false;
      io.run_one_for(5ms);
      if (io.stopped()) io.restart();
    }
    return true;
  }
  void run_for(std::chrono::milliseconds time) {
    until([] { return false; }, time);
  }
};

struct Recorder : ConnectionHandler {
  std::vector<std::string> texts;
  int opened = 0;
  int sent = 0;
  int closed = 0;
  std::uint16_t code = 0;
  std::string reason;
  Clock::time_point closed_at;
  std::function<void()> when_open, when_sent;
  std::function<void(std::string_view)> when_text;

  void on_open() override {
    ++opened;
    if (when_open) when_open();
  }
  void on_text(std::string_view text) override {
    texts.emplace_back(text);
    if (when_text) when_text(text);
  }
  void on_sent() override {
    ++sent;
    if (when_sent) when_sent();
  }
  void on_closed(std::uint16_t its_code, const std::string& its_reason) override {
    ++closed;
    code = its_code;
    reason = its_reason;
    closed_at = Clock::now();
  }
};

struct SocketPair {
  Tcp::socket ours, theirs;
  explicit SocketPair(boost::asio::io_context& io, int send_buffer = 0) : ours(io), theirs(io) {
    Tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
    if (send_buffer > 0) theirs.open(Tcp::v4());
    if (send_buffer > 0) theirs.set_option(boost::asio::socket_base::receive_buffer_size(send_buffer));
    theirs.connect(acceptor.local_endpoint());
    acceptor.accept(ours);
    if (send_buffer > 0) ours.set_option(boost::asio::socket_base::send_buffer_size(send_buffer));
  }
};

constexpr char upgrade_request[] =
    "GET /ws/test HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

// One frame of a client (masked) or of a server.
inline std::string wire_frame(int first_byte, std::string payload, bool masked = true) {
  std::string frame(1, static_cast<char>(first_byte));
  const char mask_bit = masked ? '\x80' : '\0';
  const std::size_t size = payload.size();
  const int length_bytes = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
  frame += static_cast<char>(mask_bit | (length_bytes == 0 ? static_cast<int>(size) : length_bytes == 2 ? 126 : 127));
  for (int i = length_bytes - 1; i >= 0; --i) frame += static_cast<char>(size >> (8 * i));
  if (masked) {
    const std::string mask = "\x11\x22\x33\x44";
    frame += mask;
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
  }
  return frame + payload;
}
inline std::string text(const std::string& payload) {
  return wire_frame(0x81, payload);
}
inline std::string close_payload(int code, const std::string& reason = "") {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + reason;
}

struct Frame {
  int first_byte = 0;
  std::string payload;
  bool masked = false;
  int code() const {
    return payload.size() < 2 ? 1005
                              : (static_cast<unsigned char>(payload[0]) << 8) | static_cast<unsigned char>(payload[1]);
  }
};

// Takes whole frames off the front of `bytes`.
inline std::vector<Frame> take_frames(std::string& bytes) {
  std::vector<Frame> frames;
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  while (bytes.size() >= 2) {
    std::size_t head = 2;
    std::size_t size = byte(1) & 0x7F;
    const bool masked = (byte(1) & 0x80) != 0;
    const std::size_t length_bytes = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (bytes.size() < head + length_bytes) break;
    if (length_bytes > 0) size = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) size = size << 8 | byte(head + i);
    head += length_bytes;
    const std::size_t mask_at = head;
    if (masked) head += 4;
    if (bytes.size() < head + size) break;
    Frame frame{static_cast<int>(byte(0)), bytes.substr(head, size), masked};
    for (std::size_t i = 0; masked && i < size; ++i) {
      frame.payload[i] = static_cast<char>(frame.payload[i] ^ bytes[mask_at + i % 4]);
    }
    frames.push_back(std::move(frame));
    bytes.erase(0, head + size);
  }
  return frames;
}

// Two ends of a socket: ours is for a server-role Connection to take, at the other is a peer without a WebSocket
// library.
struct Peer {
  Loop& loop;
  SocketPair sockets;
  std::string received;  // by the peer, behind the handshake's answer
  bool ended = false;    // the peer has seen FIN or worse

  explicit Peer(Loop& its_loop, int socket_buffer = 0) : loop(its_loop), sockets(loop.io, socket_buffer) {}
  // Of the handshake, which was sent already.
  void read_answer() {
    const std::size_t head = boost::asio::read_until(sockets.theirs, boost::asio::dynamic_buffer(received), "\r\n\r\n");
    received.erase(0, head);
    sockets.theirs.non_blocking(true);
  }
  void send(const std::string& bytes) { boost::asio::write(sockets.theirs, boost::asio::buffer(bytes)); }
  // What is there to be read now.
  void receive() {
    char buffer[65536];
    error_code ec;
    while (!ec) received.append(buffer, sockets.theirs.read_some(boost::asio::buffer(buffer), ec));
    if (ec != boost::asio::error::would_block) ended = true;
  }
  std::optional<Frame> next_frame(std::chrono::milliseconds limit = 5s) {
    std::vector<Frame>& frames = pending_;
    loop.until(
        [&] {
          receive();
          for (auto& frame : take_frames(received)) frames.push_back(std::move(frame));
          return !frames.empty() || ended;
        },
        limit);
    if (frames.empty()) return {};
    Frame frame = std::move(frames.front());
    frames.erase(frames.begin());
    return frame;
  }

 private:
  std::vector<Frame> pending_;
};

struct ServerAndPeer : Peer {
  std::shared_ptr<Recorder> handler = std::make_shared<Recorder>();
  std::shared_ptr<Connection> connection;

  explicit ServerAndPeer(Loop& its_loop, const ConnectionLimits& limits = {}, int socket_buffer = 0,
                         const std::string& behind_request = "")
      : Peer(its_loop, socket_buffer) {
    connection = Connection::accept(make_plain_stream(std::move(sockets.ours)), upgrade_request + behind_request, "",
                                    limits, loop.deadlines, handler);
  }
  // Reads the handshake's answer and waits for on_open.
  void open() {
    loop.until([&] { return handler->opened == 1 && connection->queued_bytes() == 0; });
    read_answer();
  }
  bool closed(std::chrono::milliseconds limit = 5s) {
    return loop.until([&] { return handler->closed > 0; }, limit);
  }
};

}  // namespace webmacs::test
