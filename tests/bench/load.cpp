#include "load.h"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <vector>

namespace webmacs {

ClientOptions load_options(const std::string& url) {
  const auto parsed = parse_websocket_url(url);
  const char* token = std::getenv("WEBMACS_TOKEN");
  if (!parsed || token == nullptr) throw std::runtime_error("needs a ws:// URL, and WEBMACS_TOKEN");
  ClientOptions options;
  options.url = *parsed;
  options.headers = {{"Authorization", std::string("Bearer ") + token}};
  options.limits.queue_bytes = 16 * 1024 * 1024;
  options.limits.max_message_bytes = 64 * 1024 * 1024;
  return options;
}

}  // namespace webmacs

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    const bool backlog = words.size() == 5 && words[4] == "backlog";
    if ((words.size() == 4 || backlog) && words[0] == "push") {
      webmacs::push(words[1], std::stoul(words[2]), std::stod(words[3]), backlog);
    } else if (words.size() == 2 && words[0] == "watch") {
      webmacs::watch(words[1]);
    } else {
      std::cerr << "webmacs-load push URL SIZE SECONDS [backlog] | webmacs-load watch URL\n";
      return 2;
    }
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
