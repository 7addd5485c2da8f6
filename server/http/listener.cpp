#include "server/http/listener.h"

#include <boost/asio/ip/address.hpp>

#include <stdexcept>

namespace webmacs {
namespace {

constexpr std::chrono::seconds pause_after_failure{1};
// A flood that is turned away must leave time for those who are in; the rest of it waits in the kernel's queue.
constexpr int turned_away_at_once = 20;
constexpr std::chrono::milliseconds rest_of_turning_away{5};

std::string address_text(const Tcp::endpoint& endpoint) {
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  return address.to_string();
}

}  // namespace

Listener::Listener(boost::asio::io_context& io, const std::string& host, int port, ConnectionLimitsPerHub limits,
                   Accepted accepted)
    : acceptor_(io), pause_(io), accepted_(std::move(accepted)), places_(std::move(limits)) {
  const Tcp::endpoint endpoint(boost::asio::ip::make_address(host), static_cast<unsigned short>(port));
  error_code ec;
  acceptor_.open(endpoint.protocol(), ec);
  if (!ec) acceptor_.set_option(Tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor_.bind(endpoint, ec);
  if (!ec) acceptor_.listen(1024, ec);
  if (!ec) acceptor_.non_blocking(true, ec);
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
    if (ec == boost::asio::error::no_descriptors || ec == boost::system::errc::too_many_files_open_in_system) {
      return out_of_descriptors(ec);
    }
    if (ec && ec != boost::asio::error::connection_aborted) return pause(ec.message());
    turned_away_in_a_row_ = 0;
    if (!ec) on_accepted(std::move(socket));
    accept();
  });
}

void Listener::out_of_descriptors(error_code ec) {
  const auto outcome = reserve_.turn_one_away(acceptor_.native_handle());
  if (outcome == ReserveDescriptor::Outcome::failed) return pause(ec.message());
  if (outcome == ReserveDescriptor::Outcome::nobody_waits) {
    return acceptor_.async_wait(Tcp::acceptor::wait_read, [this](error_code aborted) {
      if (!aborted) accept();
    });
  }
  ++turned_away_;
  descriptors_log_.write("no descriptor is left (" + ec.message() +
                         "): who connects is turned away until others leave; raise LimitNOFILE, or lower "
                         "max_connections");
  if (++turned_away_in_a_row_ % turned_away_at_once == 0) return accept_after(rest_of_turning_away);
  accept();
}

void Listener::pause(const std::string& why) {
  failed_log_.write("cannot accept connections: " + why + "; trying again each second");
  accept_after(pause_after_failure);
}

void Listener::accept_after(std::chrono::milliseconds rest) {
  pause_.expires_after(rest);
  pause_.async_wait([this](error_code aborted) {
    if (!aborted) accept();
  });
}

void Listener::on_accepted(Tcp::socket socket) {
  error_code ec;
  const auto endpoint = socket.remote_endpoint(ec);
  if (ec) return;  // gone already
  const std::string peer = address_text(endpoint);
  auto place = places_.try_take(peer);
  if (!place) return;
  accepted_(std::move(socket), peer, std::move(place));
}

}  // namespace webmacs
