#pragma once
// One REST request on its way through a handler, and what handlers have to work with. Network thread, but for the work
// that is given to the store's threads.

#include "server/access/access.h"
#include "server/http/content_coding.h"
#include "server/http/http_service.h"
#include "server/store/store.h"
#include "server/store/store_readers.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace webmacs {

class AnswerBudget;
class AnswerCoder;
class ControllerRegistry;
class EventCatalog;
class Experiments;
class Exports;
class FailedLogins;
class Ingest;
class LiveFeed;
class Metrics;
class StaticFiles;
class StoreDamage;
class TokenWatch;
class Warnings;

// All of it outlives the API.
struct RestServices {
  Ingest& ingest;
  StoreReaders& readers;
  Exports& exports;
  LiveFeed& feed;
  EventCatalog& events;
  Experiments& experiments;
  const ControllerRegistry& controllers;
  TokenWatch& tokens;
  FailedLogins& failed_logins;
  const StoreDamage& damage;
  const StaticFiles& dashboard;
  const Metrics& metrics;
  const Warnings& warnings;
  AnswerBudget& answers;
  AnswerCoder& coder;
};

// A handler's way out with an error: answered as problem+json.
class RestProblem : public std::runtime_error {
 public:
  RestProblem(unsigned status, const std::string& detail) : std::runtime_error(detail), status_(status) {}
  unsigned status() const { return status_; }

 private:
  unsigned status_;
};

struct RestCall {
  HttpRequest request;
  std::vector<std::string> ids;  // what stood in place of the route's {…}, in order
  Identity identity;             // empty where the route is open to all
  HttpAnswer answer;             // called once, on the network thread
  ContentCoding coding;          // how the client wants the body

  const std::string& id(std::size_t index = 0) const { return ids.at(index); }
};
using RestCallPtr = std::shared_ptr<const RestCall>;

// 200 (or `status`) with a JSON text that nobody may keep.
HttpResponse json_response(std::string body, unsigned status = 200);
// 429: too many logins from the client's address have failed, and the next one has to wait.
HttpResponse too_many_failed_logins(std::chrono::milliseconds wait);

// Whose reads they are that a call asks for, and whether its client still waits.
ReadOwner read_owner(const RestCall& call);

// Runs `work` with one of the readers' stores and answers what it makes; RestProblem and StoreError become their
// answers.
void answer_from_store(const RestServices& services, const RestCallPtr& call, std::function<HttpResponse(Store&)> work);
void answer_from_store(StoreReaders& readers, const RestCallPtr& call, std::function<HttpResponse(Store&)> work);
// The same with the writer's store, in order with the readings; `written` runs on the network thread before the answer,
// when nothing failed.
void answer_after_write(const RestServices& services, const RestCallPtr& call, std::function<HttpResponse(Store&)> work,
                        std::function<void()> written = {});
// Likewise; when nothing failed, `finish` gets the answer, and gives it or another one to the call.
void finish_after_write(const RestServices& services, const RestCallPtr& call, std::function<HttpResponse(Store&)> work,
                        std::function<void(HttpResponse)> finish);

// A query parameter as a whole number from 1 to `most`. Throws RestProblem 422.
std::size_t number_parameter(const HttpRequest& request, const std::string& name, std::size_t fallback,
                             std::size_t most);
// A query parameter as a time; empty when absent. Throws RestProblem 422.
std::optional<Timestamp> time_parameter(const HttpRequest& request, const std::string& name);

}  // namespace webmacs
