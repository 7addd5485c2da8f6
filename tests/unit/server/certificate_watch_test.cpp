#include "server/certificate_watch.h"

#include "common/timestamp.h"
#include "common/websocket/tls.h"
#include "unit/capture_stderr.h"
#include "unit/common/websocket/certificates.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace webmacs;
using namespace std::chrono_literals;

TEST_CASE("a certificate that ends soon is warned of, in the log once a day") {
  const Timestamp now = utc_now();
  test::Certificates certificates;
  certificates.issue("hub", "DNS:hub.lab", -60, 20 * 86400);
  const auto context = make_server_tls(certificates.file("hub.pem"), certificates.file("hub.key"));
  Warnings warnings;
  CertificateWatch watch(warnings);
  const auto lines = [&](auto&& what) {
    CaptureStderr captured;
    what();
    const std::string text = captured.take();
    return std::count(text.begin(), text.end(), '\n');
  };
  CHECK(lines([&] { watch.use(context, now); }) == 0);
  CHECK(warnings.all().empty());
  REQUIRE(watch.end().has_value());
  CHECK(std::chrono::abs(*watch.end() - (now + 20 * 24h)) < 1min);

  CHECK(lines([&] { watch.look(now + 7 * 24h); }) == 1);
  CHECK(lines([&] {
          for (auto time = 1h; time < 24h; time += 1h) watch.look(now + 7 * 24h + time);
        }) == 0);
  CHECK(lines([&] { watch.look(now + 8 * 24h); }) == 1);
  REQUIRE(warnings.all().contains("certificate"));
  CHECK(warnings.all().at("certificate").find("ends in 11 days (") != std::string::npos);
  CHECK(lines([&] { watch.look(now + 21 * 24h); }) == 1);
  CHECK(warnings.all().at("certificate").find("has ended") != std::string::npos);

  CHECK(lines([&] { watch.use(nullptr, now + 21 * 24h); }) == 0);
  CHECK(warnings.all().empty());
  CHECK_FALSE(watch.end().has_value());
}
