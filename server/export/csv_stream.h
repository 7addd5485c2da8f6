#pragma once
// One export on its way to a client: pieces are made by the thread of the exports, one ahead. Network thread only, but
// for the making.

#include "server/access/access.h"
#include "server/export/csv_export.h"
#include "server/http/body_source.h"
#include "server/http/content_coding.h"
#include "server/http/gzip.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace webmacs {

class Exports;

class CsvStream final : public BodySource, public std::enable_shared_from_this<CsvStream> {
 public:
  // On the thread of the exports; everything else on the network thread. `exports` outlives it.
  CsvStream(Exports& exports, Store& store, const ExportPlan& plan, Identity identity, std::string what,
            std::shared_ptr<void> place, ContentCoding coding);
  ~CsvStream() override;

  void next(std::function<void(BodyPiece)> take) override;
  void when_cut(std::function<void()> cut) override { cut_ = std::move(cut); }

  const Identity& identity() const { return identity_; }
  // The client gets no more of it. `why` is for the log.
  void cut(std::string_view why);

 private:
  struct Made {
    BodyPiece piece;
    std::string failure;  // of a broken one
  };
  // On the thread of the exports. Throws StoreError, ReadDropped.
  BodyPiece read_piece();
  // On the thread of the exports, after a read has failed. Whether it is to be tried again, after a pause.
  bool wait_for_store();
  void make();
  void made(Made piece);
  void deliver();

  Exports& exports_;
  const Identity identity_;
  const std::string what_;
  const std::shared_ptr<void> place_;
  CsvExport export_;                // while making_: of the thread of the exports
  std::optional<GzipWriter> gzip_;  // the same; of a client that takes it
  std::chrono::steady_clock::time_point waiting_since_{}, waited_last_{};  // of the thread of the exports
  std::atomic<bool> give_up_{false};
  bool making_ = false;
  bool ended_ = false;  // nothing more is to be made
  bool cut_off_ = false;
  bool registered_ = false;
  std::optional<BodyPiece> ready_;
  std::function<void(BodyPiece)> take_;
  std::function<void()> cut_;
};

}  // namespace webmacs
