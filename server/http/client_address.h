#pragma once
// Which client a request comes from, behind a proxy or not. Pure functions, any thread.

#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

// The peer's address, or the last one of X-Forwarded-For that is no trusted proxy when the peer is one.
std::string client_address(const std::string& peer, std::string_view forwarded_for,
                           const std::vector<std::string>& trusted_proxies);

}  // namespace webmacs
