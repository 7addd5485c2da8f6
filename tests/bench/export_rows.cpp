// For the benchmark of the export. `webmacs-export-rows fill FILE ROWS` puts an experiment "exp_bench" of so many
// datapoints of 8 events at 1 Hz into an SQLite store that exists, half of them with two decimals, half as a float32
// register has them, one in 500 bad. `webmacs-export-rows loop FILE` reads every row once and does nothing with it: the
// least that an export could take. Prints {"rows", "seconds"}.

#include "common/sqlite.h"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace webmacs;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int events = 8;
constexpr std::int64_t first_time = 1735689600000000;  // 2025-01-01
constexpr std::int64_t second = 1000000;
constexpr std::int64_t at_once = 100000;

double value_of(int event, std::int64_t number) {
  const double wave = 20 + 15 * std::sin(static_cast<double>(number) / 900 + event);
  return event % 2 == 0 ? std::round(wave * 100) / 100 : static_cast<double>(static_cast<float>(wave));
}

std::int64_t fill(Database& database, std::int64_t rows) {
  database.execute("PRAGMA synchronous = OFF");
  Statement event(database,
                  "INSERT INTO events (key, public_id, controller, name, unit) VALUES (?1, ?2, 'rig1', ?3, ?4)");
  Statement insert(database, "INSERT INTO datapoints VALUES (?1, ?2, ?3, ?4)");
  for (int i = 0; i < events; ++i) {
    event.bind(1, i + 1).bind(2, "evt_" + std::to_string(i)).bind(3, "Temperature " + std::to_string(i)).bind(4, "°C");
    event.run();
    for (std::int64_t number = 0; number < rows / events;) {
      Transaction transaction(database);
      for (const std::int64_t end = std::min(number + at_once, rows / events); number < end; ++number) {
        insert.bind(1, i + 1).bind(2, first_time + number * second);
        if (number % 500 == 499) {
          insert.bind(3, nullptr).bind(4, "timeout");
        } else {
          insert.bind(3, value_of(i, number)).bind(4, nullptr);
        }
        insert.run();
      }
      transaction.commit();
    }
  }
  Statement experiment(database,
                       "INSERT INTO experiments (public_id, name, all_controllers, started_on, stopped_on) "
                       "VALUES ('exp_bench', 'bench', 1, ?1, ?2)");
  experiment.bind(1, first_time).bind(2, first_time + rows / events * second);
  experiment.run();
  database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return rows / events * events;
}

std::int64_t loop(Database& database) {
  Statement row(database, "SELECT event, time, value, reason FROM datapoints");
  std::int64_t rows = 0;
  double sum = 0;
  for (; row.step(); ++rows) {
    sum += static_cast<double>(row.integer(0) + row.integer(1));
    if (!row.is_null(2)) sum += row.real(2);
  }
  return sum == 0 ? 0 : rows;  // so that it is read
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 2 ? argv[1] : "";
  if (!(verb == "fill" && argc == 4) && !(verb == "loop" && argc == 3)) return 2;
  Database database(argv[2], Database::Mode::read_write);
  const auto begin = Clock::now();
  const std::int64_t rows = verb == "fill" ? fill(database, std::atoll(argv[3])) : loop(database);
  std::printf("{\"rows\": %lld, \"seconds\": %.3f}\n", static_cast<long long>(rows),
              std::chrono::duration<double>(Clock::now() - begin).count());
  return 0;
}
