#include "server/hub.h"

#include "common/descriptor_limit.h"
#include "common/ini.h"
#include "common/log.h"
#include "common/service_manager.h"
#include "common/signals.h"
#include "common/timestamp.h"
#include "server/load_tls.h"
#include "server/open_store.h"
#include "server/secret_warnings.h"
#include "server/store/store_url.h"

#include <boost/asio/post.hpp>
#include <fmt/ranges.h>

#include <csignal>

namespace webmacs {
namespace {

constexpr std::chrono::milliseconds tick_interval{500};
constexpr std::size_t own_descriptors = 64;  // what the hub has open beside its connections
constexpr std::size_t reader_count = 2;
constexpr std::chrono::seconds lock_patience{30};
constexpr std::chrono::seconds lock_look_interval{5};
constexpr int send_buffer_bytes = 128 * 1024;  // the kernel takes twice as much, for its own needs

std::string web_root(const StartOnly& settings) {
  return settings.web_root.empty() ? WEBMACS_WEB_ROOT : settings.web_root;
}

}  // namespace

Hub::Hub(ServerSettings settings)
    : settings_(std::move(settings)),
      tls_(load_tls(settings_.live)),
      feed_(io_, connections_, settings_.start.stream_interval, settings_.start.history_bytes),
      controllers_([this](const ControllerState& state) { feed_.announce(state); }),
      store_lock_(lock_store(settings_.start, lock_patience)),
      ingest_([this] {
        auto store = open();
        preload(*store);
        return std::make_unique<Ingest>(io_, std::move(store), IngestLimits{},
                                        [this](auto& points) { publisher_.publish(points); });
      }()),
      controller_saver_(controllers_, *ingest_, utc_now()),
      tokens_(std::make_unique<TokenWatch>(io_, open(),
                                           [this](std::vector<TokenRecord> tokens) {
                                             access_.replace(std::move(tokens));
                                             enforce_tokens();
                                           })),
      readers_([this] {
        std::vector<std::unique_ptr<Store>> stores;
        for (std::size_t i = 0; i < reader_count; ++i) stores.push_back(open());
        return std::make_unique<StoreReaders>(io_, std::move(stores), settings_.live.reads_per_token);
      }()),
      nightly_check_(std::make_unique<NightlyCheck>(io_, *readers_, *ingest_)),
      exports_(std::make_unique<Exports>(io_, open(), access_)),
      dashboard_(web_root(settings_.start)),
      metrics_({settings_.live.metrics_public, *ingest_, readings_, feed_, sessions_, controllers_, failed_logins_,
                listener_, certificate_.end(), answers_, *damage_}),
      rest_({*ingest_, *readers_, *exports_, feed_, events_, experiments_, controllers_, *tokens_, failed_logins_,
             *damage_, dashboard_, metrics_, warnings_, answers_, coder_}),
      websockets_(settings_.live.websockets, {io_, *ingest_, controllers_, events_, sessions_, readings_}, feed_,
                  deadlines_),
      entry_(access_, failed_logins_, *tokens_, rest_, websockets_),
      listener_(io_, settings_.start.listen_host, settings_.start.listen_port, connection_limits(),
                [this](Tcp::socket socket, std::string peer, std::shared_ptr<ConnectionPlace> place) {
                  accept(std::move(socket), std::move(peer), std::move(place));
                }),
      signals_(io_, SIGTERM, SIGINT, SIGHUP) {}

std::unique_ptr<Store> Hub::open() const {
  return open_store(settings_.start.store_url, settings_.start.store_password_file, damage_);
}

void Hub::preload(Store& store) {
  access_.replace(store.tokens());
  events_.load(store.events());
  controllers_.restore(store.controllers());
  experiments_.replace(store.experiments());
  constexpr std::chrono::seconds tolerated_ahead{60};
  publisher_.preload(store.latest(utc_now() + tolerated_ahead));
}

void Hub::run() {
  const std::size_t descriptors = raise_descriptor_limit();
  if (descriptors < settings_.live.max_connections + own_descriptors) {
    log_warning("{} files may be open at once, which is less than max_connections = {} needs: raise LimitNOFILE",
                descriptors, settings_.live.max_connections);
  }
  set_retention();
  certificate_.use(tls_, utc_now());
  for (const auto& warning : secret_warnings(settings_)) log_warning("{}", warning);
  unblock_service_signals();
  wait_for_signal();
  tokens_->start();
  watchdog_.start();
  tick();
  listener_.start();
  log_info("webmacs-server {} listens on {}://{}:{}, store {}", WEBMACS_VERSION, tls_ ? "https" : "http",
           settings_.start.listen_host, listener_.port(), without_password(settings_.start.store_url));
  notify_ready();
  io_.run();
}

ConnectionLimitsPerHub Hub::connection_limits() const {
  return {settings_.live.max_connections, settings_.live.max_connections_per_address, settings_.live.trusted_proxies};
}

void Hub::accept(Tcp::socket socket, std::string peer, std::shared_ptr<ConnectionPlace> place) {
  error_code ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  // Fixed: the kernel would let it grow to megabytes for a client that does not read.
  socket.set_option(Tcp::socket::send_buffer_size(send_buffer_bytes), ignored);
  auto stream = tls_ ? make_tls_stream(std::move(socket), *tls_, true) : make_plain_stream(std::move(socket));
  const HttpServices services{entry_, settings_.live.trusted_proxies, deadlines_, http_sessions_};
  std::make_shared<HttpSession>(services, std::move(stream), std::move(peer), std::move(place))->start();
}

void Hub::wait_for_signal() {
  signals_.async_wait([this](error_code ec, int signal) {
    if (ec || ended_) return;
    wait_for_signal();
    if (signal == SIGHUP) {
      reload();
    } else {
      shutdown_.begin();
    }
  });
}

// What concerns new connections changes at once; the rest needs a restart, and the log says so.
void Hub::reload() {
  notify_reloading();
  try {
    ServerSettings fresh = load_server_settings(settings_.file);
    tls_ = load_tls(fresh.live);
    certificate_.use(tls_, utc_now());
    for (const auto& warning : secret_warnings(fresh)) log_warning("{}", warning);
    settings_.live = std::move(fresh.live);
    listener_.places().set_limits(connection_limits());
    set_retention();
    readers_->set_most_at_once(settings_.live.reads_per_token);
    const auto waiting = keys_that_wait(settings_.start, fresh.start);
    log_info("{} read again: it holds for new connections and for retention{}{}", settings_.file,
             tls_ ? ", certificate included" : "",
             waiting.empty() ? "" : fmt::format("; with the next start: {}", fmt::join(waiting, ", ")));
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
  ingest_->housekeeping().set_rules(
      {settings_.live.store_retention, settings_.live.store_max_size, settings_.live.store_grace});
}

void Hub::enforce_tokens() {
  sessions_.enforce(access_, utc_now());
  exports_->enforce(utc_now());
}

void Hub::tick() {
  enforce_tokens();
  certificate_.look(utc_now());
  ingest_->maintain();
  nightly_check_->look(utc_now());
  look_at_lock();
  controller_saver_.save_when_due(utc_now());
  notify_status(ingest_->healthy() ? fmt::format("{} WebSockets open, {} datapoints stored", sessions_.size(),
                                                 ingest_->counters().stored)
                                   : "The store is away: " + ingest_->failure());
  tick_timer_.expires_after(tick_interval);
  tick_timer_.async_wait([this](error_code ec) {
    if (!ec && !ended_) tick();
  });
}

void Hub::look_at_lock() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_lock_look_) return;
  next_lock_look_ = now + lock_look_interval;
  lock_watch_.try_post([this] {
    const std::string holder = store_lock_->look();
    if (holder.empty()) return;
    boost::asio::post(io_, [holder] {
      throw StoreError("the store has got another hub while the connection to it was away: " + holder +
                       "; this hub ends");
    });
  });
}

std::vector<Watchdog::Thread> Hub::threads() const {
  return {{"the store's writer", ingest_->last_turn()},
          {"a reader of the store", readers_->last_turn()},
          {"the reader for exports", exports_->last_turn()},
          {"the reader of the tokens", tokens_->last_turn()},
          {"the coder of answers", coder_.last_turn()},
          {"the thread that looks at the store's lock", lock_watch_.last_turn()}};
}

// Nothing is left to do once these are gone: the loop ends by itself, and no handler outlives what it refers to.
void Hub::end() {
  ended_ = true;
  nightly_check_->stop();
  lock_watch_.stop();
  readers_->stop();
  exports_->stop();
  coder_.stop();
  http_sessions_.close_all();
  feed_.stop();
  tokens_->stop();
  tick_timer_.cancel();
  watchdog_.stop();
  signals_.cancel();
  log_info("stopped: everything accepted is stored");
}

}  // namespace webmacs
