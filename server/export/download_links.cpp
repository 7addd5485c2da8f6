#include "server/export/download_links.h"

#include <utility>

namespace webmacs {
namespace {

constexpr std::chrono::minutes remembered{10};

}  // namespace

std::optional<std::string> DownloadLinks::make(Download download, TimePoint now) {
  forget_old(now);
  std::size_t waiting = 0;
  std::size_t of_this_token = 0;
  for (const auto& [hash, link] : links_) {
    if (link.used || now >= link.made + lifetime) continue;
    ++waiting;
    if (link.download.identity.hash == download.identity.hash) ++of_this_token;
  }
  if (waiting >= most_links || of_this_token >= most_links_per_token) return std::nullopt;
  std::string secret = make_token();
  links_[token_hash(secret)] = {std::move(download), now};
  return secret;
}

// However many are made and used in these minutes: those that nobody can use any more make room.
void DownloadLinks::forget_old(TimePoint now) {
  const bool crowded = links_.size() >= 2 * most_links;
  std::erase_if(links_, [now, crowded](const auto& entry) {
    const Link& link = entry.second;
    const bool over = link.used || now >= link.made + lifetime;
    return now >= link.made + remembered || (crowded && over);
  });
}

DownloadLinks::State DownloadLinks::state(const std::string& secret, TimePoint now) const {
  const auto found = links_.find(token_hash(secret));
  if (found == links_.end()) return State::unknown;
  if (found->second.used) return State::used;
  return now >= found->second.made + lifetime ? State::late : State::good;
}

const DownloadLinks::Download& DownloadLinks::download(const std::string& secret) const {
  return links_.at(token_hash(secret)).download;
}

void DownloadLinks::use(const std::string& secret) {
  links_.at(token_hash(secret)).used = true;
}

void DownloadLinks::give_back(const std::string& secret) {
  const auto found = links_.find(token_hash(secret));
  if (found != links_.end()) found->second.used = false;
}

}  // namespace webmacs
