#pragma once
// How long certificates are still valid. Pure functions, any thread.

#include "common/reading.h"

#include <boost/asio/ssl/context.hpp>
#include <openssl/x509.h>

#include <optional>
#include <string>

namespace webmacs {

// Returns when the first certificate of the context's own chain ends; empty when it has none.
std::optional<Timestamp> own_certificate_end(boost::asio::ssl::context& context);
// Returns when the first of these certificates ends; empty when there is none (null, too).
std::optional<Timestamp> first_certificate_end(const STACK_OF(X509) * chain);

// Returns "ends in 5 days (2026-12-05T12:00:00.000Z)" or "has ended (…)" when the end is less than 14 days away; empty
// when it is further off.
std::string ending_soon(Timestamp end, Timestamp now);

}  // namespace webmacs
