#include "server/load_tls.h"

#include "unit/common/websocket/certificates.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <stdexcept>
#include <string>

using namespace webmacs;
using webmacs::test::Certificates;

namespace {

Live settings(const std::string& certificate, const std::string& key) {
  Live settings;
  settings.certificate_file = certificate;
  settings.private_key_file = key;
  return settings;
}

}  // namespace

TEST_CASE("without a certificate the hub speaks without TLS") {
  CHECK(load_tls(Live()) == nullptr);
}

TEST_CASE("a certificate with its key is loaded, and any other key is refused by name") {
  Certificates certificates;
  certificates.issue("hub", "DNS:hub.lab");
  certificates.issue("other", "DNS:other.lab");
  CHECK(load_tls(settings(certificates.file("hub.pem"), certificates.file("hub.key"))) != nullptr);
  CHECK_THROWS_WITH_AS(load_tls(settings(certificates.file("hub.pem"), certificates.file("other.key"))),
                       doctest::Contains("other.key"), std::runtime_error);
}

TEST_CASE("a file that cannot be read is named, with the reason that the system gives") {
  Certificates certificates;
  certificates.issue("hub", "DNS:hub.lab");
  CHECK_THROWS_WITH_AS(load_tls(settings(certificates.file("none.pem"), certificates.file("hub.key"))),
                       doctest::Contains("none.pem: No such file or directory"), std::runtime_error);
  CHECK_THROWS_WITH_AS(load_tls(settings(certificates.file("hub.pem"), certificates.file("none.key"))),
                       doctest::Contains("none.key: No such file or directory"), std::runtime_error);
}
