#pragma once
// Reads a seventh of all rows each night, so that damage is found within a week, while a backup still has what was
// there. It reads in slices of 20 ms with pauses in between, as one among the readers' tokens: nobody waits for it.
// Network thread only, but for the reading itself.

#include "server/ingest/ingest.h"
#include "server/store/store_readers.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>

namespace webmacs {

class NightlyCheck {
 public:
  NightlyCheck(boost::asio::io_context& io, StoreReaders& readers, Ingest& ingest);

  // Called now and then: begins when it is due, which is between one and five in the morning of this machine, or at
  // any time when a night was missed.
  void look(Timestamp now);
  void stop();
  std::uint64_t rows() const { return rows_; }  // read since the hub started

 private:
  enum class State { asleep, asking, reading };

  void asked(const RowCheck& check, Timestamp now);
  void read_slice();
  void rest();
  void end();

  StoreReaders& readers_;
  Ingest& ingest_;
  boost::asio::steady_timer pause_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>();
  State state_ = State::asleep;
  std::chrono::steady_clock::time_point next_look_{};
  RowCheck check_;
  std::int64_t left_ = 0;  // rows of this night
  std::uint64_t rows_ = 0;
};

// Whether a part of the check is due: pure. `hour`: of the day, where people live.
bool row_check_is_due(const std::optional<Timestamp>& begun_on, Timestamp now, int hour);

}  // namespace webmacs
