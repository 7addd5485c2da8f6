#include "common/websocket/tls.h"

#include <openssl/ssl.h>

#include <stdexcept>

namespace webmacs {
namespace {

namespace ssl = boost::asio::ssl;

// Of TLS 1.2; all of 1.3 have forward secrecy.
constexpr const char* server_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

std::shared_ptr<ssl::context> make_context(ssl::context::method method) {
  auto context = std::make_shared<ssl::context>(method);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  // An idle connection gives its record buffers back.
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}

void check(const boost::system::error_code& ec, const std::string& what) {
  if (ec) throw std::runtime_error(what + ": " + ec.message());
}

}  // namespace

std::shared_ptr<ssl::context> make_server_tls(const std::string& certificate_file,
                                              const std::string& private_key_file) {
  auto context = make_context(ssl::context::tls_server);
  SSL_CTX_set_cipher_list(context->native_handle(), server_ciphers);
  // A ticket's key lives as long as the program: who gets it reads what earlier connections said.
  SSL_CTX_set_options(context->native_handle(),
                      SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context->native_handle(), 0);
  SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
  boost::system::error_code ec;
  context->use_certificate_chain_file(certificate_file, ec);
  check(ec, "certificate file " + certificate_file);
  context->use_private_key_file(private_key_file, ssl::context::pem, ec);
  check(ec, "private key file " + private_key_file);
  if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
    throw std::runtime_error("private key file " + private_key_file + " does not belong to " + certificate_file);
  }
  return context;
}

std::shared_ptr<ssl::context> make_client_tls(const std::string& ca_file) {
  auto context = make_context(ssl::context::tls_client);
  boost::system::error_code ec;
  if (ca_file.empty()) {
    context->set_default_verify_paths(ec);
    check(ec, "the system's trust store");
  } else {
    context->load_verify_file(ca_file, ec);
    check(ec, "CA file " + ca_file);
  }
  context->set_verify_mode(ssl::verify_peer);
  return context;
}

}  // namespace webmacs
