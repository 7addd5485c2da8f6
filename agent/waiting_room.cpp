#include "agent/waiting_room.h"

#include "agent/rig_clock.h"
#include "common/sqlite.h"
#include "common/timestamp.h"

#include <boost/asio/post.hpp>

#include <filesystem>
#include <fstream>
#include <utility>

namespace webmacs {

namespace {

constexpr std::size_t most_jobs = 1000;

constexpr const char* schema =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "CREATE TABLE IF NOT EXISTS boots (id TEXT PRIMARY KEY, steady_zero INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS readings (seq INTEGER PRIMARY KEY, boot TEXT NOT NULL, stamp INTEGER NOT NULL,"
    " event TEXT NOT NULL, value REAL, reason TEXT NOT NULL);";

std::unique_ptr<Database> open_file(const std::string& path) {
  std::error_code ignored;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  auto database = std::make_unique<Database>(path);
  database->execute(schema);
  return database;
}

// A damaged file is kept for people to look at, and a new one begun.
std::unique_ptr<Database> open_whole_file(const std::string& path) {
  try {
    return open_file(path);
  } catch (const SqliteError& error) {
    if (!error.corrupt()) throw;
    log_error("{}; it is set aside as {}.damaged", error.what(), path);
    for (const char* end : {"", "-wal", "-shm"}) {
      std::error_code ignored;
      std::filesystem::rename(path + end, path + ".damaged" + end, ignored);
    }
    return open_file(path);
  }
}

}  // namespace

struct WaitingRoom::File {
  std::string path;
  std::string boot;
  std::unique_ptr<Database> database;
  RepeatedLog failed{LogLevel::error};

  Database& opened() {
    if (!database) database = open_whole_file(path);
    return *database;
  }
  Found find();
  void keep(const std::vector<Reading>& readings);
  void remember(Timestamp steady_zero);
  void forget();
};

WaitingRoom::Found WaitingRoom::File::find() {
  Found found;
  Statement rows = opened().prepare(
      "SELECT stamp, event, value, reason, readings.boot, steady_zero FROM readings"
      " LEFT JOIN boots ON boots.id = readings.boot ORDER BY seq");
  while (rows.step()) {
    Reading reading{rows.text(1), from_microseconds(rows.integer(0)), rows.optional_real(2), rows.text(3)};
    if (const auto zero = rows.optional_integer(5)) {
      reading.time = RigClock::time_of(reading.time, from_microseconds(*zero));
    } else if (rows.text(4) != boot) {
      ++found.lost;
      continue;
    }
    found.readings.push_back(std::move(reading));
  }
  rows.reset();
  Statement zero = opened().prepare("SELECT steady_zero FROM boots WHERE id = ?");
  zero.bind(1, boot);
  if (zero.step()) found.steady_zero = from_microseconds(zero.integer(0));
  zero.reset();
  if (found.lost == 0) return found;
  Statement lost = opened().prepare("DELETE FROM readings WHERE boot <> ? AND boot NOT IN (SELECT id FROM boots)");
  lost.bind(1, boot).run();
  return found;
}

void WaitingRoom::File::keep(const std::vector<Reading>& readings) {
  Transaction transaction(opened());
  Statement insert =
      opened().prepare("INSERT INTO readings (boot, stamp, event, value, reason) VALUES (?, ?, ?, ?, ?)");
  for (const Reading& reading : readings) {
    insert.bind(1, boot).bind(2, to_microseconds(reading.time)).bind(3, reading.event_public_id);
    insert.bind(4, reading.value).bind(5, reading.reason).run();
  }
  transaction.commit();
}

void WaitingRoom::File::remember(Timestamp steady_zero) {
  Statement insert = opened().prepare("INSERT OR IGNORE INTO boots (id, steady_zero) VALUES (?, ?)");
  insert.bind(1, boot).bind(2, to_microseconds(steady_zero)).run();
}

void WaitingRoom::File::forget() {
  Transaction transaction(opened());
  opened().execute("DELETE FROM readings");
  opened().prepare("DELETE FROM boots WHERE id <> ?").bind(1, boot).run();
  transaction.commit();
  opened().execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

WaitingRoom::WaitingRoom(boost::asio::io_context& io, std::string path, std::string boot)
    : io_(io),
      path_(std::move(path)),
      boot_(std::move(boot)),
      file_(std::make_shared<File>(File{path_, boot_, nullptr})),
      worker_("waiting room", most_jobs) {}

WaitingRoom::~WaitingRoom() {
  close();
}

bool WaitingRoom::exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

std::string WaitingRoom::this_boot() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id") >> std::ws, id);
  // Without an id no other start of the program may be taken for one of the same boot.
  return id.empty() ? "pid at " + format_timestamp(utc_now()) : id;
}

void WaitingRoom::run(std::function<void(File&)> job, std::function<void()> done) {
  const auto finish = [&io = io_, alive = alive_, done = std::move(done)] {
    boost::asio::post(io, [alive, done] {
      if (*alive) done();
    });
  };
  const bool taken = worker_.try_post([file = file_, job = std::move(job), finish] {
    try {
      job(*file);
    } catch (const std::exception& error) {
      file->failed.write(std::string(error.what()) + "; readings that wait for the clock are in memory only");
    }
    finish();
  });
  if (!taken) finish();  // a disk that hangs holds nothing back for ever
}

void WaitingRoom::open(std::function<void(Found)> found) {
  const auto result = std::make_shared<Found>();
  run([result](File& file) { *result = file.find(); },
      [result, found = std::move(found)] { found(std::move(*result)); });
}

void WaitingRoom::keep(std::vector<Reading> readings) {
  run([readings = std::move(readings)](File& file) { file.keep(readings); });
}

void WaitingRoom::remember(Timestamp steady_zero, std::function<void()> done) {
  run([steady_zero](File& file) { file.remember(steady_zero); }, std::move(done));
}

void WaitingRoom::forget() {
  run([](File& file) { file.forget(); });
}

void WaitingRoom::close() {
  *alive_ = false;
  worker_.stop();
}

}  // namespace webmacs
