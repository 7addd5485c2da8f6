#include "server/load_tls.h"

#include "common/websocket/tls.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace webmacs {
namespace {

// OpenSSL names no reason when a file cannot be opened.
void check_readable(const char* what, const std::string& file) {
  errno = 0;
  if (!std::ifstream(file)) throw std::runtime_error(fmt::format("{} {}: {}", what, file, std::strerror(errno)));
}

}  // namespace

std::shared_ptr<boost::asio::ssl::context> load_tls(const Live& settings) {
  if (settings.certificate_file.empty()) return nullptr;
  check_readable("certificate file", settings.certificate_file);
  check_readable("private key file", settings.private_key_file);
  return make_server_tls(settings.certificate_file, settings.private_key_file);
}

}  // namespace webmacs
