#include "server/api/rest_api.h"

#include "common/log.h"
#include "common/timestamp.h"
#include "server/access/failed_logins.h"
#include "server/api/rest_routes.h"
#include "server/http/static_files.h"
#include "server/access/credentials.h"

#include <boost/beast/core/string.hpp>

#include <utility>

namespace webmacs {
namespace {

namespace http = boost::beast::http;

bool has_body_method(http::verb method) {
  return method == http::verb::post || method == http::verb::put;
}

// Bodies are JSON; one that says nothing of itself is taken for that.
bool is_json(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return type.empty() || boost::beast::iequals({type.data(), type.size()}, "application/json");
}

}  // namespace

// Either what it is refused with, or where it goes.
struct RestApi::Verdict {
  std::optional<HttpResponse> refusal;
  RestRouter::Match match;
  Identity identity;
};

RestApi::RestApi(RestServices services) : services_(services) {
  add_status_routes(router_, services_);
  add_datapoint_routes(router_, services_);
  add_push_routes(router_, services_);
  add_event_routes(router_, services_);
  add_experiment_routes(router_, services_);
  add_export_routes(router_, services_);
  add_token_routes(router_, services_);
}

RestApi::Verdict RestApi::judge(const HttpRequest& request) const {
  Verdict verdict;
  const auto method = request.header.method();
  verdict.match = router_.find(method, request.path);
  const RestRoute* route = verdict.match.route;
  if (route == nullptr) {
    if (!verdict.match.allowed.empty()) {
      verdict.refusal = problem(405, "only " + verdict.match.allowed + " are allowed here");
      verdict.refusal->headers = {{"Allow", verdict.match.allowed}};
    } else if (method == http::verb::get || method == http::verb::head) {
      verdict.refusal = services_.dashboard.find(request);
    }
    if (!verdict.refusal) verdict.refusal = problem(404, "there is nothing at this path");
    return verdict;
  }
  if (route->right) {
    auto entry = services_.access.check(presented_token(request), *route->right, utc_now());
    if (const auto* denial = std::get_if<Denial>(&entry)) {
      verdict.refusal = denied(request, *denial);
    } else {
      verdict.identity = std::move(std::get<Identity>(entry));
    }
  }
  if (!verdict.refusal && has_body_method(method) && !is_json(request.field(http::field::content_type))) {
    verdict.refusal = problem(415, "the body must be application/json");
  }
  return verdict;
}

std::optional<HttpResponse> RestApi::refusal(const HttpRequest& request) const {
  return judge(request).refusal;
}

void RestApi::handle(HttpRequest request, HttpAnswer answer) const {
  Verdict verdict = judge(request);
  if (verdict.refusal) return answer(std::move(*verdict.refusal));
  const auto call = std::make_shared<RestCall>(
      RestCall{std::move(request), std::move(verdict.match.ids), std::move(verdict.identity), std::move(answer)});
  try {
    verdict.match.route->handler(call);
  } catch (const RestProblem& error) {
    call->answer(problem(error.status(), error.what()));
  }
}

HttpResponse RestApi::denied(const HttpRequest& request, Denial denial) const {
  if (denial == Denial::not_allowed) return problem(403, to_text(denial));
  if (denial == Denial::invalid || denial == Denial::revoked) {
    const auto wait = services_.failed_logins.failed(request.client, std::chrono::steady_clock::now());
    if (wait.count() > 0) {
      auto response = problem(429, "too many failed logins from this address");
      response.headers = {{"Retry-After", std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count())}};
      return response;
    }
  }
  auto response = problem(401, to_text(denial));
  response.headers = {{"WWW-Authenticate", "Bearer"}};
  return response;
}

}  // namespace webmacs
