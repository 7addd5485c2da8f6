#pragma once
// REST (contract, "REST"): who may ask what, and the dashboard's files beside it. What is in memory is answered at
// once, what is in the store when one of its threads has it. Network thread only.

#include "server/access/login.h"
#include "server/api/rest_call.h"
#include "server/api/rest_router.h"

#include <memory>

namespace webmacs {

class RestApi {
 public:
  explicit RestApi(RestServices services);

  // Judges the request by its head and its login.
  std::unique_ptr<HttpExchange> begin(HttpRequest request, Login login) const;

 private:
  const RestServices services_;
  RestRouter router_;
};

}  // namespace webmacs
