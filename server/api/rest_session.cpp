// Signing in: a one-time code that a link carried is exchanged for a token (contract, "REST", `session`).

#include "common/timestamp.h"
#include "server/access/failed_logins.h"
#include "server/access/token_watch.h"
#include "server/api/rest_json.h"
#include "server/api/rest_routes.h"
#include "server/store/store_readers.h"

namespace webmacs {
namespace {

constexpr const char* no_code = "this code was used, or is older than 10 minutes: ask for a new one";

// As a login that failed: guessing is slowed down.
HttpResponse refuse_code(FailedLogins& failed_logins, const RestCall& call) {
  const auto wait = failed_logins.failed(call.request.client, std::chrono::steady_clock::now());
  return wait.count() > 0 ? too_many_failed_logins(wait) : problem(410, no_code);
}

void exchange(const RestServices& services, const RestCallPtr& call, const std::string& code_hash) {
  answer_after_write(
      services, call,
      [code_hash, text = make_token()](Store& store) {
        const auto token = store.exchange_code(code_hash, token_hash(text), utc_now());
        if (!token) throw RestProblem(410, no_code);
        return json_response(json_text(session_json(*token, text)));
      },
      [&services] { services.tokens.refresh([] {}); });
}

}  // namespace

void add_session_routes(RestRouter& router, const RestServices& services) {
  router.add(RestRouter::Verb::post, "/api/v1/session", std::nullopt, [&services](const RestCallPtr& call) {
    const std::string code_hash = token_hash(decode_session_request(call->request.body));
    // A reader looks first: guesses take no turn of the writer's.
    const auto known = std::make_shared<bool>(false);
    const auto looked = std::make_shared<RestCall>(*call);
    looked->answer = [&services, call, code_hash, known](HttpResponse response) {
      if (*known) return exchange(services, call, code_hash);
      call->answer(response.status == 410 ? refuse_code(services.failed_logins, *call) : std::move(response));
    };
    answer_from_store(services, looked, [code_hash, known](Store& store) {
      *known = store.knows_code(code_hash, utc_now());
      return problem(410, no_code);
    });
  });
}

}  // namespace webmacs
