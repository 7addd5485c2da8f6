#include "server/export/exports.h"

#include "server/open_store.h"
#include "unit/capture_stderr.h"
#include "unit/run_until.h"
#include "unit/server/store/store_support.h"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

using namespace webmacs;
using namespace webmacs::testing;
using namespace std::chrono_literals;

namespace {

Identity identity(const std::string& name) {
  return {name, Role::viewer, name + "'s hash"};
}

// Exports over a store with so many readings of one event.
struct ExportBench {
  explicit ExportBench(int readings = 3) {
    const auto store = open();
    std::vector<IncomingReading> all;
    for (int i = 0; i < readings; ++i) all.push_back(good("evt_a", at(i), i));
    append(*store, "rig1", std::move(all));
    access.replace({token("anna", "anna's hash"), token("ben", "ben's hash")});
  }
  // As the hub does: what the thread has handed over is done before its exports go.
  ~ExportBench() {
    exports.stop();
    io.restart();
    io.poll();
  }

  std::unique_ptr<Store> open() const { return open_store("sqlite://" + folder.file("hub.db")); }
  template <typename Condition>
  bool run_until(Condition condition) {
    return webmacs::run_until(io, condition);
  }
  std::shared_ptr<BodySource> begin(const std::string& name) {
    std::shared_ptr<BodySource> begun;
    auto place = exports.try_take_place(identity(name));
    REQUIRE(place);
    REQUIRE(exports.reader().try_read<std::shared_ptr<BodySource>>(
        [this, name, place](Store* store) {
          ExportRequest request;
          request.from = at(0);
          request.to = at(1'000'000'000);
          return exports.begin(*store, plan_export(*store, request, at(0)), identity(name), "export", place, {});
        },
        [&](std::shared_ptr<BodySource> source) { begun = std::move(source); }));
    place.reset();
    REQUIRE(run_until([&] { return begun != nullptr; }));
    return begun;
  }
  BodyPiece next(BodySource& source) {
    std::optional<BodyPiece> piece;
    source.next([&](BodyPiece made) { piece = std::move(made); });
    REQUIRE(run_until([&] { return piece.has_value(); }));
    return std::move(*piece);
  }
  // How many places one more token finds.
  int free_places(const std::string& name) {
    std::vector<std::shared_ptr<void>> taken;
    while (auto place = exports.try_take_place(identity(name))) taken.push_back(std::move(place));
    return static_cast<int>(taken.size());
  }

  TemporaryFolder folder;
  boost::asio::io_context io;
  Access access;
  Exports exports{io, open(), access};
};

constexpr int many_rows = 30000;  // more than a piece holds

}  // namespace

TEST_CASE("there are places for so many exports, and for half as many of one token") {
  ExportBench bench;
  CHECK(bench.free_places("anna") == static_cast<int>(Exports::most_per_token));
  std::vector<std::shared_ptr<void>> taken;
  for (std::size_t i = 0; i + 1 < Exports::most_at_once; ++i) {
    taken.push_back(bench.exports.try_take_place(identity("token " + std::to_string(i))));
    CHECK(taken.back());
  }
  CHECK(bench.free_places("anna") == 1);
  taken.pop_back();
  CHECK(bench.free_places("anna") == 2);
}

TEST_CASE("an export comes in pieces, keeps its place until it is let go, and its end is logged") {
  ExportBench bench(many_rows);
  auto source = bench.begin("anna");
  CHECK(bench.free_places("anna") == static_cast<int>(Exports::most_per_token) - 1);
  CaptureStderr log;
  std::string csv;
  int pieces = 0;
  BodyPiece piece;
  do {
    piece = bench.next(*source);
    csv += piece.bytes;
    ++pieces;
  } while (piece.what == BodyPiece::What::more);
  CHECK(piece.what == BodyPiece::What::last);
  CHECK(pieces > 1);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == many_rows + 1);  // with the header
  CHECK(log.take().find("export by token anna: 30000 rows") != std::string::npos);
  source.reset();
  CHECK(bench.free_places("anna") == static_cast<int>(Exports::most_per_token));
}

TEST_CASE("an export whose token is revoked is cut off at once; others go on") {
  ExportBench bench(many_rows);
  const auto annas = bench.begin("anna");
  const auto bens = bench.begin("ben");
  bool annas_cut = false;
  bool bens_cut = false;
  annas->when_cut([&] { annas_cut = true; });
  bens->when_cut([&] { bens_cut = true; });
  bench.next(*annas);
  bench.next(*bens);
  TokenRecord revoked = token("anna", "anna's hash");
  revoked.revoked = at(1);
  bench.access.replace({revoked, token("ben", "ben's hash")});
  CaptureStderr log;
  bench.exports.enforce(at(2));
  CHECK(annas_cut);
  CHECK_FALSE(bens_cut);
  CHECK(log.take().find("export by token anna is cut off: Token has been revoked") != std::string::npos);
  CHECK(bench.next(*annas).what == BodyPiece::What::broken);
  CHECK(bench.next(*bens).what != BodyPiece::What::broken);
}

TEST_CASE("whoever waits for a piece when all are cut gets a broken one") {
  ExportBench bench(many_rows);
  const auto source = bench.begin("anna");
  source->when_cut([] {});
  bench.next(*source);
  std::optional<BodyPiece> piece;
  // Within the loop's turn: the next piece may be there already.
  bench.exports.cut_all();
  source->next([&](BodyPiece made) { piece = std::move(made); });
  REQUIRE(piece);
  CHECK(piece->what == BodyPiece::What::broken);
}

TEST_CASE("a client that leaves is named in the log, with how far it came") {
  ExportBench bench(many_rows);
  auto source = bench.begin("anna");
  bench.next(*source);
  CaptureStderr log;
  source.reset();
  CHECK(bench.run_until([&] { return log.take().find("its client left after") != std::string::npos; }));
}
