#pragma once
// The daemon: wires store, feed, sessions and port together, runs them on one network thread, and shuts them down in an
// order that loses nothing that was acknowledged.

#include "common/watchdog.h"
#include "common/websocket/deadline_list.h"
#include "common/worker.h"
#include "server/access/access.h"
#include "server/access/failed_logins.h"
#include "server/access/token_watch.h"
#include "server/api/answer_coder.h"
#include "server/api/http_entry.h"
#include "server/api/metrics.h"
#include "server/api/rest_api.h"
#include "server/catalog/controller_registry.h"
#include "server/catalog/event_catalog.h"
#include "server/catalog/experiments.h"
#include "server/catalog/warnings.h"
#include "server/certificate_watch.h"
#include "server/export/exports.h"
#include "server/http/answer_budget.h"
#include "server/http/http_session.h"
#include "server/http/listener.h"
#include "server/http/static_files.h"
#include "server/ingest/ingest.h"
#include "server/ingest/nightly_check.h"
#include "server/net/controller_saver.h"
#include "server/net/controller_session.h"
#include "server/net/session.h"
#include "server/net/websocket_entry.h"
#include "server/settings.h"
#include "server/shutdown.h"
#include "server/store/store_damage.h"
#include "server/store/store_readers.h"
#include "server/store_lock.h"
#include "server/stream/connection_manager.h"
#include "server/stream/live_feed.h"
#include "server/stream/publisher.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>

namespace webmacs {

class Hub {
 public:
  // Opens the store, loads what the feed needs, binds the port. Throws std::runtime_error (StoreError) naming what
  // could not be opened.
  explicit Hub(ServerSettings settings);

  // Until SIGTERM or SIGINT; everything accepted is committed and answered by then.
  void run();

 private:
  void preload(Store& store);
  std::unique_ptr<Store> open() const;
  void accept(Tcp::socket socket, std::string peer, std::shared_ptr<ConnectionPlace> place);
  ConnectionLimitsPerHub connection_limits() const;
  void wait_for_signal();
  void reload();
  void end();
  void enforce_tokens();
  void tick();
  // Ends the program where another hub has got the store meanwhile.
  void look_at_lock();
  void set_retention();
  std::vector<Watchdog::Thread> threads() const;

  const std::shared_ptr<StoreDamage> damage_ = std::make_shared<StoreDamage>();
  ServerSettings settings_;  // `start` as it runs; `live` as it was read last
  boost::asio::io_context io_{1};
  std::shared_ptr<boost::asio::ssl::context> tls_;  // null: plain
  Warnings warnings_;
  CertificateWatch certificate_{warnings_};
  DeadlineList deadlines_{io_};
  ConnectionManager connections_;
  LiveFeed feed_;
  EventCatalog events_;
  ControllerRegistry controllers_;
  Experiments experiments_;
  Access access_;
  FailedLogins failed_logins_;
  AnswerBudget answers_{settings_.live.unread_answer_bytes};
  AnswerCoder coder_{io_};
  ReadingCounters readings_;
  Publisher publisher_{feed_, events_, experiments_};
  SessionSet sessions_;
  HttpSessionSet http_sessions_;
  const std::unique_ptr<StoreLock> store_lock_;
  Worker lock_watch_{"store lock", 1};  // has store_lock_
  std::chrono::steady_clock::time_point next_lock_look_{};
  std::unique_ptr<Ingest> ingest_;
  ControllerSaver controller_saver_;
  std::unique_ptr<TokenWatch> tokens_;
  std::unique_ptr<StoreReaders> readers_;
  std::unique_ptr<NightlyCheck> nightly_check_;
  std::unique_ptr<Exports> exports_;
  StaticFiles dashboard_;
  Metrics metrics_;
  RestApi rest_;
  WebSocketEntry websockets_;
  HttpEntry entry_;
  Listener listener_;
  boost::asio::signal_set signals_;
  Watchdog watchdog_{io_, [this] { return threads(); }, abort_hanging_program};
  boost::asio::steady_timer tick_timer_{io_};
  bool ended_ = false;  // what had its turn already when it was cancelled begins nothing anew
  Shutdown shutdown_{
      io_, {listener_, sessions_, websockets_, *exports_, controller_saver_, *ingest_}, [this] { end(); }};
};

}  // namespace webmacs
