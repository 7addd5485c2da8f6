#include "server/hub.h"

#include "common/ini.h"
#include "common/log.h"
#include "common/service.h"
#include "common/timestamp.h"
#include "common/websocket/tls.h"
#include "server/open_store.h"
#include "server/store/datapoint_id.h"
#include "server/store/store_url.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

namespace webmacs {
namespace {

constexpr std::chrono::milliseconds tick_interval{500};
constexpr std::size_t own_descriptors = 64;  // what the hub has open beside its connections
constexpr std::chrono::seconds save_controllers_interval{10};
constexpr std::size_t reader_count = 2;
constexpr int send_buffer_bytes = 128 * 1024;  // the kernel takes twice as much, for its own needs
constexpr std::chrono::milliseconds commit_deadline{2500};
constexpr std::chrono::milliseconds close_deadline{2000};
constexpr std::chrono::milliseconds close_look_interval{10};

std::string web_root(const ServerSettings& settings) {
  return settings.web_root.empty() ? WEBMACS_WEB_ROOT : settings.web_root;
}

// OpenSSL names no reason when a file cannot be opened.
void check_readable(const char* what, const std::string& file) {
  errno = 0;
  if (!std::ifstream(file)) throw std::runtime_error(fmt::format("{} {}: {}", what, file, std::strerror(errno)));
}

// Null: plain. Throws std::runtime_error naming the file and what is wrong with it.
std::shared_ptr<boost::asio::ssl::context> load_tls(const ServerSettings& settings) {
  if (settings.certificate_file.empty()) return nullptr;
  check_readable("certificate file", settings.certificate_file);
  check_readable("private key file", settings.private_key_file);
  return make_server_tls(settings.certificate_file, settings.private_key_file);
}

}  // namespace

Hub::Hub(ServerSettings settings)
    : settings_(std::move(settings)),
      tls_(load_tls(settings_)),
      feed_(io_, connections_, settings_.stream_interval, settings_.history_bytes),
      controllers_([this](const ControllerState& state) { feed_.announce(state); }),
      ingest_([this] {
        auto store = open();
        preload(*store);
        return std::make_unique<Ingest>(io_, std::move(store), IngestLimits{},
                                        [this](auto& points) { publish(points); });
      }()),
      tokens_(std::make_unique<TokenWatch>(io_, open(),
                                           [this](std::vector<TokenRecord> tokens) {
                                             access_.replace(std::move(tokens));
                                             enforce_tokens();
                                           })),
      readers_([this] {
        std::vector<std::unique_ptr<Store>> stores;
        for (std::size_t i = 0; i < reader_count; ++i) stores.push_back(open());
        return std::make_unique<StoreReaders>(io_, std::move(stores));
      }()),
      exports_(std::make_unique<Exports>(io_, open(), access_)),
      dashboard_(web_root(settings_)),
      metrics_(
          {settings_.metrics_public, *ingest_, readings_, feed_, sessions_, controllers_, failed_logins_, listener_}),
      rest_(
          {*ingest_, *readers_, *exports_, feed_, events_, experiments_, controllers_, *tokens_, dashboard_, metrics_}),
      websockets_(settings_.websockets, {io_, *ingest_, controllers_, events_, sessions_, readings_}, feed_,
                  deadlines_),
      entry_(access_, failed_logins_, *tokens_, rest_, websockets_),
      listener_(io_, settings_.listen_host, settings_.listen_port, connection_limits(),
                [this](Tcp::socket socket, std::string peer, std::shared_ptr<ConnectionPlace> place) {
                  accept(std::move(socket), std::move(peer), std::move(place));
                }),
      signals_(io_, SIGTERM, SIGINT, SIGHUP) {
  experiments_.when_changed([this] { label_latest(); });
}

std::unique_ptr<Store> Hub::open() const {
  return open_store(settings_.store_url, settings_.store_password_file);
}

void Hub::preload(Store& store) {
  access_.replace(store.tokens());
  events_.load(store.events());
  controllers_.restore(store.controllers());
  controllers_saved_ = utc_now();
  experiments_.replace(store.experiments());
  for (auto& point : store.latest(utc_now() + std::chrono::seconds(60))) {
    feed_.preload({datapoint_public_id(point.event_key, point.reading.time), std::move(point.reading), std::nullopt});
  }
  label_latest();
}

// Which experiment a datapoint belongs to is asked anew whenever one begins, ends or is moved.
void Hub::label_latest() {
  feed_.latest().relabel([this](const Reading& reading) {
    const auto event = events_.all().find(reading.event_public_id);
    return event == events_.all().end() ? std::nullopt : experiments_.of(event->second.controller, reading.time);
  });
}

void Hub::run() {
  const std::size_t descriptors = raise_descriptor_limit();
  if (descriptors < settings_.max_connections + own_descriptors) {
    log_warning("{} files may be open at once, which is less than max_connections = {} needs: raise LimitNOFILE",
                descriptors, settings_.max_connections);
  }
  set_retention();
  unblock_service_signals();
  wait_for_signal();
  tokens_->start();
  watchdog_.start();
  tick();
  listener_.start();
  log_info("webmacs-server {} listens on {}://{}:{}, store {}", WEBMACS_VERSION, tls_ ? "https" : "http",
           settings_.listen_host, listener_.port(), without_password(settings_.store_url));
  notify_ready();
  io_.run();
}

void Hub::publish(std::vector<CommittedPoint>& committed) {
  published_.clear();
  for (auto& point : committed) {
    events_.pushed(point.reading.event_public_id, point.controller);
    auto experiment = experiments_.of(point.controller, point.reading.time);
    published_.push_back(
        {{datapoint_public_id(point.event_key, point.reading.time), std::move(point.reading), std::move(experiment)},
         point.backlog});
  }
  feed_.publish(published_);
}

ConnectionLimitsPerHub Hub::connection_limits() const {
  return {settings_.max_connections, settings_.max_connections_per_address, settings_.trusted_proxies};
}

void Hub::accept(Tcp::socket socket, std::string peer, std::shared_ptr<ConnectionPlace> place) {
  error_code ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  // Fixed: the kernel would let it grow to megabytes for a client that does not read.
  socket.set_option(Tcp::socket::send_buffer_size(send_buffer_bytes), ignored);
  auto stream = tls_ ? make_tls_stream(std::move(socket), *tls_, true) : make_plain_stream(std::move(socket));
  const HttpServices services{entry_, settings_.trusted_proxies, deadlines_, http_sessions_};
  std::make_shared<HttpSession>(services, std::move(stream), std::move(peer), std::move(place))->start();
}

void Hub::wait_for_signal() {
  signals_.async_wait([this](error_code ec, int signal) {
    if (ec) return;
    wait_for_signal();
    if (signal == SIGHUP) {
      reload();
    } else {
      stop();
    }
  });
}

// What concerns new connections changes at once; the rest needs a restart, and the log says so.
void Hub::reload() {
  notify_reloading();
  try {
    auto fresh = load_server_settings(settings_.file);
    auto tls = load_tls(fresh);
    const bool restart = fresh.listen_host != settings_.listen_host || fresh.listen_port != settings_.listen_port ||
                         fresh.store_url != settings_.store_url ||
                         fresh.store_password_file != settings_.store_password_file ||
                         fresh.web_root != settings_.web_root || fresh.history_bytes != settings_.history_bytes ||
                         fresh.stream_interval != settings_.stream_interval;
    settings_ = std::move(fresh);
    tls_ = std::move(tls);
    listener_.places().set_limits(connection_limits());
    set_retention();
    log_info("{} read again: it holds for new connections and for retention{}{}", settings_.file,
             tls_ ? ", certificate included" : "",
             restart ? "; listen, the store's url, web_root, history and stream_interval change with a restart" : "");
  } catch (const ConfigurationError& error) {
    for (const auto& mistake : error.mistakes()) log_error("{}", mistake);
    log_error("the configuration stays as it was");
  } catch (const std::exception& error) {
    log_error("{}", error.what());
    log_error("the configuration and the certificate stay as they were");
  }
  notify_ready();
}

void Hub::set_retention() {
  ingest_->housekeeping().set_rules({settings_.store_retention, settings_.store_max_size});
}

void Hub::enforce_tokens() {
  sessions_.enforce(access_, utc_now());
  exports_->enforce(utc_now());
}

void Hub::tick() {
  enforce_tokens();
  // A clock that was set back must not stop it.
  ingest_->maintain();
  const auto since_saved = utc_now() - controllers_saved_;
  if (since_saved >= save_controllers_interval || since_saved.count() < 0) save_controllers();
  notify_status(ingest_->healthy() ? fmt::format("{} WebSockets open, {} datapoints stored", sessions_.size(),
                                                 ingest_->counters().stored)
                                   : "The store is away: " + ingest_->failure());
  tick_timer_.expires_after(tick_interval);
  tick_timer_.async_wait([this](error_code ec) {
    if (!ec) tick();
  });
}

void Hub::save_controllers() {
  auto heard = controllers_.heard_since(controllers_saved_);
  const Timestamp now = utc_now();
  if (heard.empty()) return;
  ingest_->try_write([heard = std::move(heard)](Store& store) { store.save_controllers(heard); },
                     [this, now](const std::string& failure) {
                       if (failure.empty()) controllers_saved_ = now;
                     });
}

std::vector<Watchdog::Thread> Hub::threads() const {
  return {{"the store's writer", ingest_->last_turn()},
          {"a reader of the store", readers_->last_turn()},
          {"the reader for exports", exports_->last_turn()},
          {"the reader of the tokens", tokens_->last_turn()}};
}

void Hub::stop() {
  if (stopping_) return;
  stopping_ = true;
  notify_stopping();
  log_info("stopping: {} WebSockets open", sessions_.size());
  listener_.close();
  sessions_.stop_reading();
  exports_->cut_all();
  save_controllers();
  ingest_->drain(commit_deadline, [this] { close_sessions(); });
}

void Hub::close_sessions() {
  websockets_.close_refused();
  sessions_.close_all(close_code::going_away, "The hub is stopping");
  stop_deadline_ = std::chrono::steady_clock::now() + close_deadline;
  wait_for_sessions();
}

void Hub::wait_for_sessions() {
  const bool late = std::chrono::steady_clock::now() >= stop_deadline_;
  if (late) sessions_.drop_all();
  if (sessions_.empty() || late) return end();
  stop_timer_.expires_after(close_look_interval);
  stop_timer_.async_wait([this](error_code) { wait_for_sessions(); });
}

// Nothing is left to do once these are gone: the loop ends by itself, and no handler outlives what it refers to.
void Hub::end() {
  readers_->stop();
  exports_->stop();
  http_sessions_.close_all();
  feed_.stop();
  tokens_->stop();
  tick_timer_.cancel();
  watchdog_.stop();
  signals_.cancel();
  log_info("stopped: everything accepted is stored");
}

}  // namespace webmacs
