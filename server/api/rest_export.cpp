// Experiments as CSV, for whoever has a token, or a link that stands in for one.

#include "common/json_text.h"
#include "common/timestamp.h"
#include "server/api/rest_routes.h"
#include "server/catalog/experiments.h"
#include "server/export/exports.h"
#include "server/http/content_coding.h"
#include "server/http/content_disposition.h"

#include <boost/beast/http/verb.hpp>

namespace webmacs {
namespace {

constexpr const char* download_path = "/api/v1/export/csv";

CsvShape shape_parameter(const HttpRequest& request) {
  if (!request.query.contains("shape")) return CsvShape::long_form;
  const auto shape = parse_csv_shape(request.parameter("shape"));
  if (!shape) throw RestProblem(422, "shape: neither long nor wide");
  return *shape;
}

ExportRequest export_request(const RestCallPtr& call) {
  ExportRequest request;
  request.experiment = call->id();
  request.shape = shape_parameter(call->request);
  return request;
}

bool head_only(const RestCallPtr& call) {
  return call->request.header.method() == boost::beast::http::verb::head;
}

HttpResponse csv_response(const ExportRequest& request, const ExportPlan& plan, ContentCoding coding) {
  const bool wide = plan.shape == CsvShape::wide;
  HttpResponse response;
  response.end = BodyEnd::last_chunk;
  response.content_type = "text/csv; charset=utf-8; header=present";
  response.headers = {
      {"Cache-Control", "no-store"},
      {"Content-Disposition", content_disposition(plan.name, wide ? " (wide).csv" : ".csv", request.experiment)}};
  if (coding.gzip) response.headers.emplace_back("Content-Encoding", "gzip");
  return response;
}

void answer_csv(const RestServices& services, const RestCallPtr& call, const ExportRequest& request,
                const Identity& identity) {
  auto place = services.exports.try_take_place(identity);
  if (!place) {
    auto refusal = problem(503, "as many exports as the hub makes at a time are under way; try again later");
    refusal.headers = {{"Retry-After", "5"}};
    return call->answer(refusal);
  }
  answer_from_store(services.exports.reader(), call,
                    [&exports = services.exports, request, identity, place = std::move(place), head = head_only(call),
                     coding = call->coding](Store& store) {
                      try {
                        const ExportPlan plan = plan_export(store, request, utc_now());
                        HttpResponse response = csv_response(request, plan, coding);
                        if (!head) {
                          response.source = exports.begin(store, plan, identity,
                                                          "export of experiment " + request.experiment, place, coding);
                        }
                        return response;
                      } catch (const NothingToExport& error) {
                        throw RestProblem(404, error.what());
                      }
                    });
}

void make_link(const RestServices& services, const RestCallPtr& call) {
  const ExportRequest request = export_request(call);
  if (services.experiments.index()->find(request.experiment) == nullptr) {
    throw RestProblem(404, "there is no such experiment");
  }
  const auto secret = services.exports.links().make({request, call->identity}, std::chrono::steady_clock::now());
  if (!secret) {
    auto refusal = problem(429, "too many links wait to be used");
    refusal.headers = {{"Retry-After", std::to_string(DownloadLinks::lifetime.count())}};
    return call->answer(refusal);
  }
  Json link;
  link["url"] = std::string(download_path) + "?link=" + *secret;
  call->answer(json_response(json_text(link), 201));
}

// The link is used up by the download that begins; one that does not begin leaves it as it is.
void answer_link(const RestServices& services, const RestCallPtr& call) {
  DownloadLinks& links = services.exports.links();
  const std::string secret = call->request.parameter("link");
  const auto state = links.state(secret, std::chrono::steady_clock::now());
  if (state == DownloadLinks::State::used) throw RestProblem(410, "this link was used: each is good for one download");
  if (state == DownloadLinks::State::late) throw RestProblem(410, "this link is too old: each is good for 60 s");
  if (state == DownloadLinks::State::unknown) throw RestProblem(404, "there is no such link");
  const DownloadLinks::Download download = links.download(secret);
  if (services.exports.access().still_allowed(download.identity, utc_now())) {
    throw RestProblem(410, "the token that this link was made with is no longer valid");
  }
  if (head_only(call)) return answer_csv(services, call, download.request, download.identity);
  links.use(secret);
  const auto counted = std::make_shared<RestCall>(*call);
  counted->answer = [&links, secret, answer = call->answer](HttpResponse response) {
    if (response.status != 200) links.give_back(secret);
    answer(std::move(response));
  };
  answer_csv(services, counted, download.request, download.identity);
}

}  // namespace

void add_export_routes(RestRouter& router, const RestServices& services) {
  using Verb = RestRouter::Verb;
  router.add(
      Verb::get, "/api/v1/experiments/{public_id}/export/csv", Right::read,
      [&services](const RestCallPtr& call) { answer_csv(services, call, export_request(call), call->identity); });
  router.add(Verb::post, "/api/v1/experiments/{public_id}/export/csv/link", Right::read,
             [&services](const RestCallPtr& call) { make_link(services, call); });
  router.add(Verb::get, download_path, std::nullopt,
             [&services](const RestCallPtr& call) { answer_link(services, call); });
}

}  // namespace webmacs
