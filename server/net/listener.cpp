#include "server/net/listener.h"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <stdexcept>

namespace webmacs {
namespace {

constexpr std::chrono::seconds pause_after_failure{1};

std::string address_text(const Tcp::endpoint& endpoint) {
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  return address.to_string();
}

}  // namespace

Listener::Listener(boost::asio::io_context& io, const std::string& host, int port, ListenerLimits limits,
                   Accepted accepted)
    : io_(io), acceptor_(io), pause_(io), limits_(std::move(limits)), accepted_(std::move(accepted)) {
  const Tcp::endpoint endpoint(boost::asio::ip::make_address(host), static_cast<unsigned short>(port));
  error_code ec;
  acceptor_.open(endpoint.protocol(), ec);
  if (!ec) acceptor_.set_option(Tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor_.bind(endpoint, ec);
  if (!ec) acceptor_.listen(1024, ec);
  if (ec) {
    throw std::runtime_error("cannot listen on " + host + " port " + std::to_string(port) + ": " + ec.message());
  }
}

int Listener::port() const {
  return acceptor_.local_endpoint().port();
}

void Listener::start() {
  accept();
}

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Listener::accept() {
  acceptor_.async_accept([this](error_code ec, Tcp::socket socket) {
    if (ec == boost::asio::error::operation_aborted || !acceptor_.is_open()) return;
    if (!ec) {
      on_accepted(std::move(socket));
      return accept();
    }
    if (ec == boost::asio::error::connection_aborted) return accept();
    failed_log_.write("cannot accept connections: " + ec.message() + "; trying again each second");
    pause_.expires_after(pause_after_failure);
    pause_.async_wait([this](error_code aborted) {
      if (!aborted) accept();
    });
  });
}

void Listener::on_accepted(Tcp::socket socket) {
  error_code ec;
  const auto endpoint = socket.remote_endpoint(ec);
  if (ec) return;  // gone already
  const std::string peer = address_text(endpoint);
  const bool trusted =
      std::find(limits_.trusted_proxies.begin(), limits_.trusted_proxies.end(), peer) != limits_.trusted_proxies.end();
  const auto known = counts_->by_address.find(peer);
  const std::size_t of_peer = known == counts_->by_address.end() ? 0 : known->second;
  if (counts_->all >= limits_.connections || (!trusted && of_peer >= limits_.connections_per_address)) {
    refused_log_.write("refused a connection from " + peer + ": " +
                       (counts_->all >= limits_.connections ? "max_connections" : "max_connections_per_address") +
                       " is reached");
    return;
  }
  ++counts_->all;
  ++counts_->by_address[peer];
  std::shared_ptr<void> guard(nullptr, [counts = counts_, peer](void*) {
    --counts->all;
    const auto found = counts->by_address.find(peer);
    if (found != counts->by_address.end() && --found->second == 0) counts->by_address.erase(found);
  });
  accepted_(std::move(socket), peer, std::move(guard));
}

}  // namespace webmacs
