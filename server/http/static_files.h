#pragma once
// The dashboard's files, read once at start: what is served never touches the disk, and no path can leave the folder.
// Constant after construction.

#include "server/http/http_message.h"

#include <map>
#include <optional>
#include <string>

namespace webmacs {

class StaticFiles {
 public:
  // An unreadable folder is logged and leaves the dashboard out; the hub works without it.
  explicit StaticFiles(const std::string& folder);

  // "/" is "/index.html". Empty when there is no such file. 304 for who has it already, compressed for who takes that.
  std::optional<HttpResponse> find(const HttpRequest& request) const;

 private:
  struct File {
    std::string content;
    std::string type;
    std::string compressed;
    bool gains = false;  // by being compressed
    std::string etag;
  };
  std::map<std::string, File> files_;  // by URL path
};

}  // namespace webmacs
