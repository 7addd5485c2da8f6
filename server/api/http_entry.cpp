#include "server/api/http_entry.h"

#include "server/access/token_watch.h"
#include "server/api/rest_api.h"
#include "server/net/websocket_entry.h"

#include <memory>
#include <utility>

namespace webmacs {

HttpEntry::HttpEntry(const Access& access, FailedLogins& failed_logins, TokenWatch& tokens, const RestApi& rest,
                     WebSocketEntry& websockets)
    : access_(access), failed_logins_(failed_logins), tokens_(tokens), rest_(rest), websockets_(websockets) {}

void HttpEntry::begin(HttpRequest request, std::function<void(HttpBegun)> begun) {
  Login login(access_, failed_logins_, request);
  if (!login.is_unknown()) return begun(dispatch(std::move(request), std::move(login)));
  const auto waiting = std::make_shared<HttpRequest>(std::move(request));
  tokens_.refresh([this, waiting, login = std::move(login), begun = std::move(begun)] {
    begun(dispatch(std::move(*waiting), login));
  });
}

HttpBegun HttpEntry::dispatch(HttpRequest request, Login login) {
  constexpr std::string_view websockets = "/ws/";
  if (request.path.starts_with(websockets)) return websockets_.begin(std::move(request), std::move(login));
  return rest_.begin(std::move(request), std::move(login));
}

}  // namespace webmacs
