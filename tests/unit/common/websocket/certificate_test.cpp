#include "common/websocket/certificate.h"

#include "certificates.h"
#include "common/timestamp.h"
#include "common/websocket/tls.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace std::chrono_literals;

TEST_CASE("a certificate is warned of from 14 days before its end on") {
  const Timestamp end = *parse_timestamp("2026-12-15T12:00:00Z");
  CHECK(ending_soon(end, end - 15 * 24h).empty());
  CHECK(ending_soon(end, end - 14 * 24h - 1s).empty());
  CHECK(ending_soon(end, end - 14 * 24h) == "ends in 14 days (2026-12-15T12:00:00.000Z)");
  CHECK(ending_soon(end, end - 14 * 24h + 1s) == "ends in 13 days (2026-12-15T12:00:00.000Z)");
  CHECK(ending_soon(end, end - 25h) == "ends in 1 day (2026-12-15T12:00:00.000Z)");
  CHECK(ending_soon(end, end - 1h) == "ends in less than a day (2026-12-15T12:00:00.000Z)");
  CHECK(ending_soon(end, end) == "has ended (2026-12-15T12:00:00.000Z)");
}

TEST_CASE("a chain ends with the first of its certificates") {
  test::Certificates certificates;  // its authority is valid for an hour
  certificates.issue("soon", "DNS:localhost", -60, 600);
  certificates.issue("late", "DNS:localhost", -60, 86400);
  const auto end_of = [&](const std::string& name) {
    return *own_certificate_end(*make_server_tls(certificates.file(name + ".pem"), certificates.file(name + ".key")));
  };
  CHECK(std::chrono::abs(end_of("soon") - (utc_now() + 600s)) < 30s);
  CHECK(std::chrono::abs(end_of("late") - (utc_now() + 86400s)) < 30s);
  certificates.append("late.pem", "ca.pem");
  CHECK(std::chrono::abs(end_of("late") - (utc_now() + 3600s)) < 30s);
  CHECK_FALSE(first_certificate_end(nullptr).has_value());
}
