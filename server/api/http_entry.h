#pragma once
// Where every HTTP request comes in: its login is taken once, whoever just made a token may use it at once, and the
// path says whether REST answers or a WebSocket begins. Network thread only.

#include "server/access/login.h"
#include "server/http/http_service.h"

#include <functional>

namespace webmacs {

class RestApi;
class TokenWatch;
class WebSocketEntry;

class HttpEntry final : public HttpService {
 public:
  // All of it outlives the entry.
  HttpEntry(const Access& access, FailedLogins& failed_logins, TokenWatch& tokens, const RestApi& rest,
            WebSocketEntry& websockets);

  void begin(HttpRequest request, std::function<void(HttpBegun)> begun) override;

 private:
  HttpBegun dispatch(HttpRequest request, Login login);

  const Access& access_;
  FailedLogins& failed_logins_;
  TokenWatch& tokens_;
  const RestApi& rest_;
  WebSocketEntry& websockets_;
};

}  // namespace webmacs
