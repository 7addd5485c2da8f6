// Whose token a request presents, and all tokens: their texts are shown once, to the admin who made them.

#include "common/timestamp.h"
#include "server/access/token_watch.h"
#include "server/api/list_page.h"
#include "server/api/rest_json.h"
#include "server/api/rest_routes.h"

namespace webmacs {

void add_token_routes(RestRouter& router, const RestServices& services) {
  using Verb = RestRouter::Verb;
  router.add(Verb::get, "/api/v1/me", Right::hold_token,
             [](const RestCallPtr& call) { call->answer(json_response(json_text(identity_json(call->identity)))); });
  router.add(Verb::get, "/api/v1/tokens", Right::administer, [&services](const RestCallPtr& call) {
    // The parameters are judged here, on the thread that may answer at once.
    const ListPage judged(call->request, 0);
    answer_from_store(services, call, [call](Store& store) {
      const auto tokens = store.tokens();
      ListPage page(call->request, tokens.size());
      for (std::size_t i = page.begin(); i < page.end(); ++i) page.add(token_json(tokens[i]));
      return std::move(page).answer();
    });
  });
  router.add(Verb::post, "/api/v1/tokens", Right::administer, [&services](const RestCallPtr& call) {
    const TokenRequest request = decode_token_request(call->request.body);
    const std::string text = make_token();
    const TokenRecord token{request.name, token_hash(text), request.role, utc_now(), request.expires, std::nullopt};
    answer_after_write(services, call, [token, text](Store& store) {
      store.add_token(token);
      return json_response(json_text(token_json(token, text)), 201);
    });
  });
  router.add(Verb::delete_, "/api/v1/tokens/{name}", Right::administer, [&services](const RestCallPtr& call) {
    answer_after_write(
        services, call,
        [name = call->id()](Store& store) {
          if (!store.revoke_token(name, utc_now())) throw RestProblem(404, "there is no valid token of this name");
          return json_response("", 204);
        },
        [&services] { services.tokens.refresh([] {}); });
  });
}

}  // namespace webmacs
