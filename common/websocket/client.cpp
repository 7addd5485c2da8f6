#include "common/websocket/client.h"

#include "common/websocket/connection_calls.h"
#include "common/websocket/name_lookup.h"
#include "common/websocket/tls.h"

#include <algorithm>

namespace webmacs {
namespace {

using TimePoint = DeadlineOwner::TimePoint;

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string host_and_port(const std::string& host, const std::string& port) {
  return bracketed(host) + ":" + port;
}

std::string printed(const Tcp::endpoint& address) {
  return host_and_port(address.address().to_string(), std::to_string(address.port()));
}

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", time.count() / 1000.0);
}

// The steps of one attempt, in this order; each ends in the next or in fail(). Kept alive by what is under way.
class Steps final : public std::enable_shared_from_this<Steps>, private DeadlineOwner {
 public:
  Steps(boost::asio::io_context& io, DeadlineList& deadlines, const ClientOptions& options,
        std::shared_ptr<ConnectionHandler> handler)
      : io_(io),
        deadlines_(deadlines),
        options_(options),
        place_(host_and_port(options.url.host, options.url.port)),
        end_(std::chrono::steady_clock::now() + options.connect_timeout),
        handler_(std::move(handler)) {}

  void start();
  void cancel();
  const std::shared_ptr<Connection>& connection() const { return connection_; }
  const std::optional<Timestamp>& certificate_end() const { return certificate_end_; }

 private:
  void resolve();
  void connect_to(std::vector<Tcp::endpoint> addresses);
  void try_next_address();
  void on_address_failed(const std::string& why);
  void secure();
  void upgrade();
  void fail(const std::string& why);
  void release();
  void on_deadline(TimePoint now) override;

  boost::asio::io_context& io_;
  DeadlineList& deadlines_;
  const ClientOptions options_;
  const std::string place_;  // for people
  const TimePoint end_;
  std::shared_ptr<ConnectionHandler> handler_;  // until it is told, or the connection has it

  std::string step_;  // what a deadline interrupts
  std::unique_ptr<NameLookup> lookup_;
  std::vector<Tcp::endpoint> addresses_;
  std::size_t tried_ = 0;  // of addresses_, the one under way included
  std::string problems_;   // of the addresses so far
  std::unique_ptr<Tcp::socket> socket_;
  std::unique_ptr<ByteStream> stream_;
  std::shared_ptr<Connection> connection_;
  std::optional<Timestamp> certificate_end_;
};

void Steps::start() {
  deadlines_.set(*this, end_);
  error_code not_numeric;
  const auto address = boost::asio::ip::make_address(options_.url.host, not_numeric);
  if (not_numeric) return resolve();
  step_ = "cannot connect to " + place_;
  const auto port = static_cast<std::uint16_t>(std::stoi(options_.url.port));
  boost::asio::post(io_, [self = shared_from_this(), endpoint = Tcp::endpoint(address, port)] {
    if (self->handler_) self->connect_to({endpoint});
  });
}

void Steps::resolve() {
  step_ = "cannot resolve " + options_.url.host;
  lookup_ = std::make_unique<NameLookup>(io_, options_.url.host, options_.url.port,
                                         [weak = weak_from_this()](const std::string& problem, auto addresses) {
                                           const auto self = weak.lock();
                                           if (!self) return;
                                           if (!problem.empty()) return self->fail(self->step_ + ": " + problem);
                                           self->connect_to(std::move(addresses));
                                         });
}

void Steps::connect_to(std::vector<Tcp::endpoint> addresses) {
  step_ = "cannot connect to " + place_;
  addresses_ = std::move(addresses);
  try_next_address();
}

void Steps::try_next_address() {
  const auto now = std::chrono::steady_clock::now();
  const auto left = static_cast<std::int64_t>(addresses_.size() - tried_);
  if (left == 0) return fail("cannot connect to " + problems_);
  deadlines_.set(*this, now + std::max(end_ - now, TimePoint::duration::zero()) / left);
  const Tcp::endpoint& address = addresses_[tried_++];
  socket_ = std::make_unique<Tcp::socket>(io_);
  socket_->async_connect(address, [self = shared_from_this(), attempt = tried_](error_code ec) {
    if (attempt != self->tried_ || !self->socket_) return;  // its time was over
    if (ec) return self->on_address_failed(ec.message());
    self->secure();
  });
}

void Steps::on_address_failed(const std::string& why) {
  socket_.reset();
  problems_ += (problems_.empty() ? "" : "; ") + printed(addresses_[tried_ - 1]) + ": " + why;
  try_next_address();
}

void Steps::secure() {
  deadlines_.set(*this, end_);
  Tcp::socket socket = std::move(*socket_);
  socket_.reset();
  if (!options_.url.tls) {
    stream_ = make_plain_stream(std::move(socket));
    return upgrade();
  }
  step_ = "TLS handshake with " + place_;
  try {
    const auto context = make_client_tls(options_.ca_file);
    stream_ = make_tls_stream(std::move(socket), *context, false, options_.url.host);
  } catch (const std::exception& e) {
    return fail(e.what());
  }
  stream_->async_handshake([self = shared_from_this()](error_code ec) {
    if (!self->stream_) return;
    if (ec) return self->fail(self->step_ + ": " + self->stream_->handshake_problem(ec));
    self->upgrade();
  });
}

void Steps::upgrade() {
  leave_deadline_list();
  certificate_end_ = stream_->peer_certificate_end();
  const auto& url = options_.url;
  const bool default_port = url.port == (url.tls ? "443" : "80");
  Connection::ClientRequest request;
  request.host = default_port ? bracketed(url.host) : place_;
  request.target = url.target;
  request.headers = options_.headers;
  ConnectionLimits limits = options_.limits;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
  limits.handshake_timeout = std::max(std::min(limits.handshake_timeout, left), std::chrono::milliseconds(1));
  connection_ = Connection::connect(std::move(stream_), request, limits, deadlines_, std::move(handler_));
  handler_.reset();
}

void Steps::fail(const std::string& why) {
  const auto handler = std::move(handler_);
  release();
  if (handler) call_logged([&] { handler->on_closed(close_code::abnormal, why); });
}

void Steps::cancel() {
  release();
  if (connection_ && !connection_->was_open()) connection_->abandon();
}

void Steps::release() {
  leave_deadline_list();
  handler_.reset();
  lookup_.reset();
  socket_.reset();
  stream_.reset();
}

void Steps::on_deadline(TimePoint now) {
  const auto self = shared_from_this();
  if (socket_ && now < end_) return on_address_failed("no answer");
  fail(step_ + ": no answer within " + seconds(options_.connect_timeout));
}

class Attempt final : public ConnectAttempt {
 public:
  explicit Attempt(std::shared_ptr<Steps> steps) : steps_(std::move(steps)) { steps_->start(); }
  ~Attempt() override { steps_->cancel(); }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  std::shared_ptr<Connection> connection() const override { return steps_->connection(); }
  std::optional<Timestamp> certificate_end() const override { return steps_->certificate_end(); }

 private:
  const std::shared_ptr<Steps> steps_;
};

}  // namespace

std::unique_ptr<ConnectAttempt> connect_websocket(boost::asio::io_context& io, DeadlineList& deadlines,
                                                  const ClientOptions& options,
                                                  std::shared_ptr<ConnectionHandler> handler) {
  return std::make_unique<Attempt>(std::make_shared<Steps>(io, deadlines, options, std::move(handler)));
}

}  // namespace webmacs
