#pragma once
// Links that stand in for a token: each random, good for one download, once and for a minute, so that a browser can
// save straight to disk. Only their hashes are kept; one that was used or came too late is remembered for a while, so
// that it is answered for what it is. Network thread only.

#include "server/access/access.h"
#include "server/export/csv_export.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace webmacs {

class DownloadLinks {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds lifetime{60};
  static constexpr std::size_t most_links = 1000;
  static constexpr std::size_t most_links_per_token = 100;

  struct Download {
    ExportRequest request;
    Identity identity;  // who made the link: it is good as long as the token
  };
  enum class State { good, unknown, used, late };

  // The link's secret, shaped as a token, so that no log shows it; empty when too many wait to be used.
  std::optional<std::string> make(Download download, TimePoint now);
  State state(const std::string& secret, TimePoint now) const;
  // Of a good one.
  const Download& download(const std::string& secret) const;
  void use(const std::string& secret);
  // The download did not begin.
  void give_back(const std::string& secret);

 private:
  struct Link {
    Download download;
    TimePoint made;
    bool used = false;
  };
  void forget_old(TimePoint now);

  std::map<std::string, Link> links_;  // by the secret's hash
};

}  // namespace webmacs
