#include "server/api/rest_api.h"

#include "server/api/answer_coder.h"
#include "server/api/rest_routes.h"
#include "server/http/answer_budget.h"
#include "server/http/static_files.h"

#include <boost/beast/core/string.hpp>

#include <utility>

namespace webmacs {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t longest_body = 1024 * 1024;
constexpr std::size_t longest_strange_body = 4 * 1024;  // where anybody may ask, there is no end of who does

bool has_body_method(http::verb method) {
  return method == http::verb::post || method == http::verb::put;
}

// Bodies are JSON; one that says nothing of itself is taken for that.
bool is_json(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return type.empty() || boost::beast::iequals({type.data(), type.size()}, "application/json");
}

HttpResponse denied(const LoginRefusal& refusal) {
  if (refusal.denial == Denial::not_allowed) return problem(403, to_text(refusal.denial));
  if (refusal.wait.count() > 0) return too_many_failed_logins(refusal.wait);
  auto response = problem(401, to_text(refusal.denial));
  response.headers = {{"WWW-Authenticate", "Bearer"}};
  return response;
}

// What the router has nothing for: a file of the dashboard, or a mistake.
HttpResponse answer_without_route(const HttpRequest& request, const RestRouter::Match& match,
                                  const StaticFiles& files) {
  const auto method = request.header.method();
  if (request.path == "*") return {204, {}, {}, {{"Allow", "GET, HEAD, POST, PUT, DELETE"}}};
  if (!match.allowed.empty()) {
    auto response = problem(405, "only " + match.allowed + " are allowed here");
    response.headers = {{"Allow", match.allowed}};
    return response;
  }
  if (method == http::verb::get || method == http::verb::head) {
    if (auto file = files.find(request)) return std::move(*file);
  }
  return problem(404, "there is nothing at this path");
}

// The answer as it goes into memory until it is read; instead of one too many of the account, a refusal.
HttpResponse counted(AnswerBudget& answers, const std::string& account, HttpResponse response) {
  if (response.source || response.body.empty()) return response;
  response.held = answers.try_take(account, response.body.size());
  if (response.held) return response;
  auto refusal = problem(429, "answers that were asked for before wait to be read: read them first");
  refusal.headers = {{"Retry-After", "1"}};
  return refusal;
}

// One request, judged when it begins: either what it is refused with, or where it goes and whose it is.
class RestExchange final : public HttpExchange {
 public:
  RestExchange(const RestRouter& router, const RestServices& services, HttpRequest request, Login login)
      : answers_(services.answers), coder_(services.coder), request_(std::move(request)), login_(std::move(login)) {
    account_ = "address " + request_.client;
    match_ = router.find(request_.header.method(), request_.path);
    if (match_.route == nullptr) {
      refusal_ = answer_without_route(request_, match_, services.dashboard);
      return;
    }
    judge();
  }

  std::optional<HttpResponse> refusal() override {
    if (!refusal_) return std::nullopt;
    return counted(answers_, account_, std::move(*refusal_));
  }

  std::size_t most_body_bytes() const override { return match_.route->right ? longest_body : longest_strange_body; }

  void handle(std::string body, HttpAnswer answer) override {
    HttpAnswer counts = [&answers = answers_, account = account_, answer = std::move(answer)](HttpResponse response) {
      answer(counted(answers, account, std::move(response)));
    };
    if (refusal_) return counts(std::move(*refusal_));
    // A body takes its time, in which the token may have been revoked.
    if (match_.route->right && !body.empty()) {
      if (const auto denial = login_.denial_since(identity_)) return counts(denied({*denial}));
    }
    request_.body = std::move(body);
    const ContentCoding coding = coding_for(request_);
    HttpAnswer coded = coder_.coded(coding, std::move(counts));
    const auto call = std::make_shared<RestCall>(
        RestCall{std::move(request_), std::move(match_.ids), std::move(identity_), std::move(coded), coding});
    try {
      match_.route->handler(call);
    } catch (const RestProblem& error) {
      call->answer(problem(error.status(), error.what()));
    }
  }

 private:
  void judge() {
    if (match_.route->right) {
      auto entry = login_.enter(*match_.route->right);
      if (const auto* refused = std::get_if<LoginRefusal>(&entry)) {
        refusal_ = denied(*refused);
        return;
      }
      identity_ = std::move(std::get<Identity>(entry));
      account_ = "token " + identity_.name;
    }
    if (has_body_method(request_.header.method()) && !is_json(request_.field(http::field::content_type))) {
      refusal_ = problem(415, "the body must be application/json");
    }
  }

  AnswerBudget& answers_;
  AnswerCoder& coder_;
  std::string account_;  // whose memory the answer takes
  HttpRequest request_;
  Login login_;
  RestRouter::Match match_;
  Identity identity_;
  std::optional<HttpResponse> refusal_;
};

}  // namespace

RestApi::RestApi(RestServices services) : services_(services) {
  add_status_routes(router_, services_);
  add_datapoint_routes(router_, services_);
  add_push_routes(router_, services_);
  add_event_routes(router_, services_);
  add_experiment_routes(router_, services_);
  add_export_routes(router_, services_);
  add_store_routes(router_, services_);
  add_token_routes(router_, services_);
  add_session_routes(router_, services_);
}

std::unique_ptr<HttpExchange> RestApi::begin(HttpRequest request, Login login) const {
  return std::make_unique<RestExchange>(router_, services_, std::move(request), std::move(login));
}

}  // namespace webmacs
