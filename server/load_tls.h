#pragma once
// The hub's certificate and private key.

#include "server/settings.h"

#include <boost/asio/ssl/context.hpp>

#include <memory>

namespace webmacs {

// Returns what connections are encrypted with; null when none is configured. Throws std::runtime_error that names the
// file and what is wrong with it.
std::shared_ptr<boost::asio::ssl::context> load_tls(const Live& settings);

}  // namespace webmacs
