#pragma once
// The parts of a hub, wired as server/hub.cpp wires them, over a SQLite store of the test's own; nobody signals it.

#include "common/timestamp.h"
#include "server/access/token_watch.h"
#include "server/api/answer_coder.h"
#include "server/api/http_entry.h"
#include "server/api/metrics.h"
#include "server/api/rest_api.h"
#include "server/catalog/controller_registry.h"
#include "server/catalog/event_catalog.h"
#include "server/catalog/experiments.h"
#include "server/catalog/warnings.h"
#include "server/export/exports.h"
#include "server/http/answer_budget.h"
#include "server/http/listener.h"
#include "server/http/static_files.h"
#include "server/net/controller_saver.h"
#include "server/net/controller_session.h"
#include "server/net/websocket_entry.h"
#include "server/open_store.h"
#include "server/store/store_damage.h"
#include "server/store/store_readers.h"
#include "server/stream/connection_manager.h"
#include "server/stream/live_feed.h"
#include "unit/run_until.h"
#include "unit/temporary_folder.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace webmacs::testing {

struct HubParts {
  ~HubParts() {
    readers.stop();
    exports.stop();
    listener.close();
    io.restart();
    io.poll();  // what the threads have handed over
  }

  std::unique_ptr<Store> open() const { return open_store("sqlite://" + folder.file("hub.db")); }
  std::vector<std::unique_ptr<Store>> one_store() const {
    std::vector<std::unique_ptr<Store>> stores;
    stores.push_back(open());
    return stores;
  }
  template <typename Condition>
  bool run_until(Condition condition) {
    return webmacs::run_until(io, condition);
  }

  TemporaryFolder folder;
  boost::asio::io_context io;
  DeadlineList deadlines{io};
  ConnectionManager connections;
  LiveFeed feed{io, connections, std::chrono::milliseconds(20), 1 << 20};
  EventCatalog events;
  ControllerRegistry controllers{[](const ControllerState&) {}};
  Experiments experiments;
  Access access;
  FailedLogins failed_logins;
  ReadingCounters readings;
  SessionSet sessions;
  Ingest ingest{io, open(), {}, [](std::vector<CommittedPoint>&) {}};
  ControllerSaver controller_saver{controllers, ingest, utc_now()};
  TokenWatch tokens{io, open(), [this](std::vector<TokenRecord> all) { access.replace(std::move(all)); }};
  StoreReaders readers{io, one_store()};
  Exports exports{io, open(), access};
  StaticFiles dashboard{folder.path()};
  Listener listener{io, "127.0.0.1", 0, {}, [](Tcp::socket, const std::string&, const auto&) {}};
  bool metrics_public = false;
  Warnings warnings;
  std::optional<Timestamp> certificate_end;
  std::size_t unread_answer_bytes = 1 << 20;
  AnswerBudget answers{unread_answer_bytes};
  AnswerCoder coder{io};
  StoreDamage damage;
  Metrics metrics{{metrics_public, ingest, readings, feed, sessions, controllers, failed_logins, listener,
                   certificate_end, answers, damage}};
  RestApi rest{{ingest, readers, exports, feed, events, experiments, controllers, tokens, failed_logins, damage,
                dashboard, metrics, warnings, answers, coder}};
  WebSocketSettings websocket_settings;
  WebSocketEntry websockets{websocket_settings, {io, ingest, controllers, events, sessions, readings}, feed, deadlines};
};

}  // namespace webmacs::testing
