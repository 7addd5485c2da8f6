#pragma once
// Which handler a path and a method belong to, and who may call it. Constant once the routes are added.

#include "server/api/rest_call.h"

#include <boost/beast/http/verb.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

struct RestRoute {
  boost::beast::http::verb method;
  std::string path;            // "/api/v1/events/{id}"
  std::optional<Right> right;  // empty: open to all
  std::function<void(const RestCallPtr&)> handler;
};

class RestRouter {
 public:
  using Verb = boost::beast::http::verb;
  void add(Verb method, std::string path, std::optional<Right> right, std::function<void(const RestCallPtr&)> handler);

  struct Match {
    const RestRoute* route = nullptr;
    std::vector<std::string> ids;
    std::string allowed;  // the methods that the path has, for 405; empty: there is no such path
  };
  // HEAD is GET.
  Match find(Verb method, std::string_view path) const;
  const std::vector<RestRoute>& routes() const { return routes_; }

 private:
  std::vector<RestRoute> routes_;
};

}  // namespace webmacs
