#pragma once
// REST (contract, "REST"): who may ask what, and the dashboard's files beside it. What is in memory is answered at
// once, what is in the store when one of its threads has it. Network thread only.

#include "server/api/rest_call.h"
#include "server/api/rest_router.h"

#include <optional>

namespace webmacs {

class RestApi {
 public:
  explicit RestApi(RestServices services);

  // For a request whose body is still to come: what already its head is refused with.
  std::optional<HttpResponse> refusal(const HttpRequest& request) const;
  // `answer` is called once, at once or later.
  void handle(HttpRequest request, HttpAnswer answer) const;

  const RestRouter& router() const { return router_; }

 private:
  struct Verdict;
  Verdict judge(const HttpRequest& request) const;
  HttpResponse denied(const HttpRequest& request, Denial denial) const;

  const RestServices services_;
  RestRouter router_;
};

}  // namespace webmacs
