#include "server/http/client_address.h"

#include "server/http/header_text.h"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace webmacs {
namespace {

bool is_trusted(std::string_view address, const std::vector<std::string>& trusted_proxies) {
  return std::find(trusted_proxies.begin(), trusted_proxies.end(), address) != trusted_proxies.end();
}

}  // namespace

std::string client_address(const std::string& peer, std::string_view forwarded_for,
                           const std::vector<std::string>& trusted_proxies) {
  if (!is_trusted(peer, trusted_proxies)) return peer;
  // The last entries were added by our own proxies, the first are whatever the client claimed.
  while (!forwarded_for.empty()) {
    const auto comma = forwarded_for.rfind(',');
    const auto last = trimmed(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1));
    boost::system::error_code bad;
    const auto address = boost::asio::ip::make_address(std::string(last), bad);
    if (bad) return peer;
    if (!is_trusted(address.to_string(), trusted_proxies)) return address.to_string();
    if (comma == std::string_view::npos) break;
    forwarded_for = forwarded_for.substr(0, comma);
  }
  return peer;
}

}  // namespace webmacs
