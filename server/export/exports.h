#pragma once
// The exports that clients download: a thread of their own with a connection of its own to the store makes a piece of
// each in turn, one ahead of what its client has taken. A client that reads slowly, or not at all, costs that much
// memory and a place, and delays neither other exports nor other requests. Network thread only.

#include "server/access/access.h"
#include "server/export/csv_export.h"
#include "server/export/download_links.h"
#include "server/http/body_source.h"
#include "server/http/content_coding.h"
#include "server/store/store_readers.h"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <set>
#include <string>

namespace webmacs {

class CsvStream;

class Exports {
 public:
  static constexpr std::size_t most_at_once = 32;
  static constexpr std::size_t most_per_token = 16;  // nobody takes all places

  Exports(boost::asio::io_context& io, std::unique_ptr<Store> store, const Access& access);

  // A place for one more, kept as long as its export; null: there is none.
  std::shared_ptr<void> try_take_place(const Identity& identity);
  // Work on the thread of the exports.
  StoreReaders& reader() { return reader_; }
  // On that thread, with its store. `what` is for the log.
  std::shared_ptr<BodySource> begin(Store& store, const ExportPlan& plan, const Identity& identity, std::string what,
                                    std::shared_ptr<void> place, ContentCoding coding);
  DownloadLinks& links() { return links_; }
  const Access& access() const { return access_; }

  // Cuts those whose token was revoked or has expired.
  void enforce(Timestamp now);
  // Cuts all: the hub stops.
  void cut_all();
  // No more work; waits for the piece that is being made.
  void stop() { reader_.stop(); }
  Liveness::Clock::time_point last_turn() const { return reader_.last_turn(); }

 private:
  friend class CsvStream;

  const Access& access_;
  StoreReaders reader_;
  DownloadLinks links_;
  // The hashes of the tokens whose exports have a place, once for each.
  std::shared_ptr<std::multiset<std::string>> taken_ = std::make_shared<std::multiset<std::string>>();
  std::set<CsvStream*> streams_;  // under way
};

}  // namespace webmacs
