#pragma once
// TLS contexts: 1.2 or later. A server takes the ciphers with forward secrecy alone, in its own order, and keeps no
// sessions: a key that is stolen later opens nothing that was recorded.

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace webmacs {

// Throws std::runtime_error naming the file and what is wrong with it.
std::shared_ptr<boost::asio::ssl::context> make_server_tls(const std::string& certificate_file,
                                                           const std::string& private_key_file);
// `ca_file` empty: the system's trust store.
std::shared_ptr<boost::asio::ssl::context> make_client_tls(const std::string& ca_file);

}  // namespace webmacs
