#include "agent/enroll.h"

#include "agent/hub_request.h"
#include "agent/settings.h"
#include "common/program.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <unistd.h>

namespace webmacs {
namespace {

constexpr mode_t token_mode = S_IRUSR | S_IWUSR;

[[noreturn]] void fail(const std::string& path) {
  const bool denied = errno == EACCES || errno == EPERM;
  throw std::runtime_error(path + ": " + (denied ? "permission denied; run with sudo" : std::strerror(errno)));
}

// A file that takes another's place when it is whole. It is made before the code is used: a code is good once.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)), beside_(path_ + ".new") {
    descriptor_ = ::open(beside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, token_mode);
    if (descriptor_ < 0) fail(beside_);
    struct stat former {};
    if (stat(path_.c_str(), &former) != 0) return;
    if (fchown(descriptor_, former.st_uid, former.st_gid) != 0 || fchmod(descriptor_, former.st_mode & 0770) != 0) {
      discard();
      fail(path_);
    }
  }
  ~NewFile() { discard(); }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void put_in_place(const std::string& text) {
    if (::write(descriptor_, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        fsync(descriptor_) != 0 || std::rename(beside_.c_str(), path_.c_str()) != 0) {
      fail(path_);
    }
    ::close(descriptor_);
    descriptor_ = -1;
  }

 private:
  void discard() {
    if (descriptor_ < 0) return;
    const int reason = errno;
    ::close(descriptor_);
    ::unlink(beside_.c_str());
    descriptor_ = -1;
    errno = reason;
  }

  const std::string path_;
  const std::string beside_;
  int descriptor_ = -1;
};

// The hub's words for why there is no token.
std::string reason_of(const HubAnswer& answer) {
  const auto problem = nlohmann::json::parse(answer.body, nullptr, false);
  const auto detail = problem.is_object() ? problem.find("detail") : problem.end();
  if (problem.is_object() && detail != problem.end() && detail->is_string()) return detail->get<std::string>();
  return answer.status == 404 ? "this is no hub, or one that does not enrol (0.1)"
                              : fmt::format("HTTP {}", answer.status);
}

}  // namespace

int enroll(const EnrollArguments& arguments) {
  const AgentSettings settings = load_agent_settings(arguments.config);
  const auto refuse = [](const std::string& why) {
    std::cerr << "webmacs-agent: " << why << '\n';
    return exit_usage;
  };
  if (!settings.hub.token.empty()) {
    return refuse(arguments.config + ": [hub] token: the token stands in the rig file; name a token_file instead");
  }
  const std::string address = arguments.hub.empty() ? settings.hub.url_text : arguments.hub;
  const auto hub = parse_hub_address(address);
  if (!hub) return refuse("--hub: '" + address + "' is no hub's address (https://hub.lab, http://10.0.0.1:8000)");

  NewFile file(settings.hub.token_file);
  const HubAnswer answer =
      post_to_hub(*hub, settings.hub.ca_file, "/api/v1/session", nlohmann::json{{"code", arguments.code}}.dump());
  if (answer.status != 200) throw std::runtime_error(address + ": no token: " + reason_of(answer));
  const auto session = nlohmann::json::parse(answer.body, nullptr, false);
  if (!session.is_object() || session.value("token", "").empty()) {
    throw std::runtime_error(address + ": its answer has no token");
  }
  file.put_in_place(session["token"].get<std::string>() + '\n');
  if (session.value("role", "") != "controller") {
    std::cerr << "warning: this is the token of a " << session.value("role", "") << ": it cannot push readings\n";
  }
  std::cout << fmt::format("the token of {} is in {}\n", session.value("name", ""), settings.hub.token_file);
  return exit_ok;
}

}  // namespace webmacs
