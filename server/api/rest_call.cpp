#include "server/api/rest_call.h"

#include "common/log.h"
#include "common/parse_number.h"
#include "common/timestamp.h"
#include "server/http/content_coding.h"
#include "server/ingest/ingest.h"
#include "server/store/store_readers.h"

#include <utility>

namespace webmacs {
namespace {

HttpResponse away(std::string_view why) {
  auto response = problem(503, why);
  response.headers = {{"Retry-After", "2"}};
  return response;
}

// What the store has thrown may name files: that is for the log, not for everybody.
constexpr const char* store_is_away = "the store is away; try again later";
constexpr const char* store_is_damaged =
    "the record is damaged there, so that trying again is of no use; the hub's log says more";
constexpr const char* store_is_busy = "the store cannot keep up; try again later";

// Lets only StoreErrors through that mean that the store is away.
HttpResponse guarded(const std::function<HttpResponse(Store&)>& work, Store& store) {
  try {
    return work(store);
  } catch (const RestProblem& error) {
    return problem(error.status(), error.what());
  } catch (const StoreConflict& error) {
    return problem(409, error.what());
  } catch (const StoreDamaged&) {
    return problem(500, store_is_damaged);
  }
}

}  // namespace

HttpResponse json_response(std::string body, unsigned status) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers = {{"Cache-Control", "no-store"}};
  return response;
}

HttpResponse too_many_failed_logins(std::chrono::milliseconds wait) {
  auto response = problem(429, "too many failed logins from this address");
  response.headers = {{"Retry-After", std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count())}};
  return response;
}

ReadOwner read_owner(const RestCall& call) {
  return {call.identity.hash, call.request.client_gone};
}

void answer_from_store(const RestServices& services, const RestCallPtr& call,
                       std::function<HttpResponse(Store&)> work) {
  answer_from_store(services.readers, call, std::move(work));
}

void answer_from_store(StoreReaders& readers, const RestCallPtr& call, std::function<HttpResponse(Store&)> work) {
  const bool taken = readers.try_read<HttpResponse>(
      [work = std::move(work), coding = call->coding](Store* store) {
        if (store == nullptr) return problem(503, "the hub is stopping");
        try {
          HttpResponse response = guarded(work, *store);
          encode_body(response, coding);
          return response;
        } catch (const StoreError&) {
          return away(store_is_away);
        } catch (const ReadDropped&) {
          return problem(503, "the hub is stopping");  // or nobody hears it
        } catch (const std::exception& error) {
          log_error("a REST request failed: {}", error.what());
          return problem(500, "the hub has failed; its log says more");
        }
      },
      call->answer, read_owner(*call));
  if (!taken) call->answer(away(store_is_busy));
}

void answer_after_write(const RestServices& services, const RestCallPtr& call, std::function<HttpResponse(Store&)> work,
                        std::function<void()> written) {
  finish_after_write(services, call, std::move(work), [call, written = std::move(written)](HttpResponse made) {
    if (written) written();
    call->answer(std::move(made));
  });
}

void finish_after_write(const RestServices& services, const RestCallPtr& call, std::function<HttpResponse(Store&)> work,
                        std::function<void(HttpResponse)> finish) {
  const auto made = std::make_shared<HttpResponse>();
  const bool taken =
      services.ingest.try_write([work = std::move(work), made](Store& store) { *made = guarded(work, store); },
                                [call, made, finish = std::move(finish)](const std::string& failure) {
                                  if (!failure.empty()) return call->answer(away(store_is_away));
                                  if (made->status < 300) return finish(std::move(*made));
                                  call->answer(std::move(*made));
                                });
  if (!taken) call->answer(away(store_is_busy));
}

std::size_t number_parameter(const HttpRequest& request, const std::string& name, std::size_t fallback,
                             std::size_t most) {
  if (request.query.count(name) == 0) return fallback;
  const auto number = parse_number<std::size_t>(request.parameter(name));
  if (!number || *number < 1 || *number > most) {
    throw RestProblem(422, name + ": not a whole number from 1 to " + std::to_string(most));
  }
  return *number;
}

std::optional<Timestamp> time_parameter(const HttpRequest& request, const std::string& name) {
  if (request.query.count(name) == 0) return std::nullopt;
  auto time = parse_timestamp(request.parameter(name));
  if (!time) throw RestProblem(422, name + ": not an RFC 3339 time from 1970 to 2199");
  return time;
}

}  // namespace webmacs
