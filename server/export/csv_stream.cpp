#include "server/export/csv_stream.h"

#include "common/liveness.h"
#include "common/log.h"
#include "common/timestamp.h"
#include "server/export/exports.h"

#include <thread>
#include <utility>

namespace webmacs {
namespace {

constexpr std::size_t piece_bytes = 256 * 1024;
constexpr std::chrono::seconds longest_wait{60};  // for a store that is away
constexpr std::chrono::milliseconds pause{250};

}  // namespace

CsvStream::CsvStream(Exports& exports, Store& store, const ExportPlan& plan, Identity identity, std::string what,
                     std::shared_ptr<void> place, ContentCoding coding)
    : exports_(exports),
      identity_(std::move(identity)),
      what_(std::move(what)),
      place_(std::move(place)),
      export_(store, plan, [this] { return wait_for_store(); }) {
  if (coding.gzip) gzip_.emplace(GzipLevel::answer);
}

CsvStream::~CsvStream() {
  if (!registered_) return;
  exports_.streams_.erase(this);
  if (!ended_) log_info("{} by token {}: its client left after {} rows", what_, identity_.name, export_.rows());
}

void CsvStream::next(std::function<void(BodyPiece)> take) {
  if (!registered_) exports_.streams_.insert(this);
  registered_ = true;
  take_ = std::move(take);
  if (cut_off_) ready_.emplace();
  if (ready_) return deliver();
  if (!making_) make();
}

BodyPiece CsvStream::read_piece() {
  BodyPiece piece;
  piece.bytes.reserve(piece_bytes + piece_bytes / 16);
  const bool more = export_.read(piece.bytes, piece_bytes);
  piece.what = more ? BodyPiece::What::more : BodyPiece::What::last;
  if (!gzip_) return piece;
  const std::string plain = std::exchange(piece.bytes, {});
  if (more) {
    gzip_->add(plain, piece.bytes);
  } else {
    gzip_->finish(plain, piece.bytes);
  }
  return piece;
}

void CsvStream::make() {
  making_ = true;
  const auto made_piece = std::make_shared<Made>();
  const bool taken = exports_.reader_.try_run(
      [made_piece, self = this](Store* store) {
        if (store == nullptr) {
          made_piece->failure = "the hub is stopping";
          return;
        }
        try {
          made_piece->piece = self->read_piece();
        } catch (const std::exception& error) {
          made_piece->failure = error.what();
        }
      },
      [made_piece, self = shared_from_this()] { self->made(std::move(*made_piece)); },
      // Each in turn: while one waits for the store, others are told that it is away.
      ReadOwner{std::to_string(reinterpret_cast<std::uintptr_t>(this)), nullptr});
  if (!taken) made({{}, "too many reads wait"});
}

// A database that is restarted is back before that.
bool CsvStream::wait_for_store() {
  const auto now = std::chrono::steady_clock::now();
  if (now - waited_last_ > longest_wait) waiting_since_ = now;
  waited_last_ = now;
  if (give_up_ || now - waiting_since_ > longest_wait) return false;
  note_turn();
  std::this_thread::sleep_for(pause);
  offer_read_turn();
  return true;
}

void CsvStream::made(Made made) {
  making_ = false;
  if (cut_off_) return;
  if (made.piece.what != BodyPiece::What::more) ended_ = true;
  if (made.piece.what == BodyPiece::What::broken) {
    log_warning("{} by token {} broke off after {} rows: {}", what_, identity_.name, export_.rows(), made.failure);
  }
  ready_ = std::move(made.piece);
  if (take_) deliver();
}

void CsvStream::deliver() {
  const auto self = shared_from_this();  // who takes it may let go of this
  const auto take = std::exchange(take_, nullptr);
  BodyPiece piece = std::move(*ready_);
  ready_.reset();
  if (!ended_) make();
  if (piece.what == BodyPiece::What::last) log_info("{} by token {}: {} rows", what_, identity_.name, export_.rows());
  take(std::move(piece));
}

void CsvStream::cut(std::string_view why) {
  if (cut_off_) return;
  log_info("{} by token {} is cut off: {}", what_, identity_.name, why);
  cut_off_ = true;
  give_up_ = true;
  ended_ = true;
  ready_.reset();
  const auto self = shared_from_this();  // who is told may let go of this
  if (!take_) return cut_();
  ready_.emplace();
  deliver();
}

}  // namespace webmacs
