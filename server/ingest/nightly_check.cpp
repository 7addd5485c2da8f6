#include "server/ingest/nightly_check.h"

#include "common/log.h"
#include "common/timestamp.h"

#include <algorithm>
#include <ctime>

namespace webmacs {
namespace {

constexpr std::int64_t nights = 7;
constexpr std::chrono::milliseconds slice{20};
constexpr std::chrono::milliseconds pause_between{100};
constexpr std::chrono::minutes between_looks{10};
constexpr const char* owner = "(nightly check)";  // no token has this hash

int local_hour(Timestamp now) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  std::tm local{};
  localtime_r(&seconds, &local);
  return local.tm_hour;
}

}  // namespace

bool row_check_is_due(const std::optional<Timestamp>& begun_on, Timestamp now, int hour) {
  constexpr std::chrono::hours same_night{12};
  constexpr std::chrono::hours missed{36};
  const bool is_night = hour >= 1 && hour < 5;
  if (!begun_on) return is_night;
  if (*begun_on > now) return is_night;  // a clock that was set back
  return now - *begun_on >= (is_night ? same_night : missed);
}

NightlyCheck::NightlyCheck(boost::asio::io_context& io, StoreReaders& readers, Ingest& ingest)
    : readers_(readers), ingest_(ingest), pause_(io) {}

void NightlyCheck::look(Timestamp now) {
  const auto steady = std::chrono::steady_clock::now();
  if (state_ != State::asleep || steady < next_look_ || !ingest_.healthy()) return;
  next_look_ = steady + between_looks;
  state_ = State::asking;
  const bool taken = readers_.try_read<std::optional<RowCheck>>(
      [](Store* store) -> std::optional<RowCheck> {
        if (store == nullptr) return std::nullopt;
        try {
          return store->row_check();
        } catch (const std::exception&) {
          return std::nullopt;  // the next look comes
        }
      },
      [this, now, alive = std::weak_ptr<bool>(alive_)](std::optional<RowCheck> check) {
        if (alive.expired()) return;
        state_ = State::asleep;
        if (check) asked(*check, now);
      },
      ReadOwner{owner, nullptr});
  if (!taken) state_ = State::asleep;
}

void NightlyCheck::asked(const RowCheck& check, Timestamp now) {
  if (!row_check_is_due(check.begun_on, now, local_hour(now))) return;
  check_ = check;
  check_.begun_on = now;
  left_ = check.rows / nights + 1;
  state_ = State::reading;
  read_slice();
}

void NightlyCheck::read_slice() {
  struct Read {
    RowCheck check;
    std::int64_t rows = -1;  // it failed
  };
  const bool taken = readers_.try_read<Read>(
      [check = check_](Store* store) {
        Read read{check};
        if (store == nullptr) return read;
        try {
          read.rows = store->check_rows(read.check, slice);
        } catch (const std::exception&) {
          read.rows = -1;
        }
        return read;
      },
      [this, alive = std::weak_ptr<bool>(alive_)](const Read& read) {
        if (alive.expired() || state_ != State::reading) return;
        if (read.rows < 0) return end();
        check_ = read.check;
        rows_ += static_cast<std::uint64_t>(read.rows);
        left_ -= std::max<std::int64_t>(1, read.rows);
        left_ > 0 ? rest() : end();
      },
      ReadOwner{owner, nullptr});
  if (!taken) rest();
}

void NightlyCheck::rest() {
  pause_.expires_after(pause_between);
  pause_.async_wait([this, alive = std::weak_ptr<bool>(alive_)](const boost::system::error_code& error) {
    if (!error && !alive.expired() && state_ == State::reading) read_slice();
  });
}

// What could not be read tonight, the store being away, is read in another night.
void NightlyCheck::end() {
  state_ = State::asleep;
  ingest_.try_write([check = check_](Store& store) { store.set_row_check(check); }, [](const std::string&) {});
  log_debug("a seventh of the record was read: it is whole, but for what the log has said before");
}

void NightlyCheck::stop() {
  state_ = State::asleep;
  next_look_ = std::chrono::steady_clock::time_point::max();
  pause_.cancel();
}

}  // namespace webmacs
