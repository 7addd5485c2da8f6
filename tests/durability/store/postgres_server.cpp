#include "postgres_server.h"

#include "server/store/postgres/postgres_connection.h"

#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <pwd.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace webmacs::testing {
namespace {

const std::string programs = "/usr/lib/postgresql/15/bin/";
constexpr auto longest_start = std::chrono::seconds(180);

pid_t spawn(const std::vector<std::string>& command, const std::string& log) {
  const pid_t child = fork();
  if (child != 0) return child;
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  _exit(127);
}

void run(const std::vector<std::string>& command, const std::string& log) {
  int status = 0;
  waitpid(spawn(command, log), &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error(command.at(0) + " failed, see " + log);
}

}  // namespace

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer() {
  if (geteuid() == 0) {
    const passwd* nobody = getpwnam("nobody");
    if (nobody == nullptr || chown(folder_.path().c_str(), nobody->pw_uid, nobody->pw_gid) != 0) {
      throw std::runtime_error("the folder of the test's PostgreSQL cannot be given to nobody");
    }
  }
  run(as_its_user({programs + "initdb", "--no-sync", "-A", "trust", "-U", "webmacs", "-E", "UTF8", "--locale=C.UTF-8",
                   "-D", folder_.file("data")}),
      folder_.file("initdb.log"));
  start();
}

PostgresServer::~PostgresServer() {
  kill();
}

std::vector<std::string> PostgresServer::as_its_user(std::vector<std::string> command) const {
  std::vector<std::string> words{"setpriv", "--pdeathsig", "QUIT"};
  if (geteuid() == 0) {
    const passwd* nobody = getpwnam("nobody");
    words.insert(words.end(), {"--reuid", std::to_string(nobody->pw_uid), "--regid", std::to_string(nobody->pw_gid),
                               "--clear-groups"});
  }
  words.emplace_back("--");
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

std::string PostgresServer::url(const std::string& database) const {
  return "postgresql://webmacs@/" + database + "?host=" + folder_.path();
}

bool PostgresServer::answers() const {
  try {
    PostgresConnection(url("postgres"), "").execute("SELECT 1");
    return true;
  } catch (const PostgresError&) {
    return false;
  }
}

void PostgresServer::start() {
  const auto start_process = [this] {
    return spawn(as_its_user({programs + "postgres", "-D", folder_.file("data"), "-k", folder_.path(), "-h", "", "-c",
                              "max_connections=30", "-c", "shared_buffers=16MB"}),
                 folder_.file("server.log"));
  };
  process_ = start_process();
  const auto deadline = std::chrono::steady_clock::now() + longest_start;
  while (!answers()) {
    // Until the last process of one that was killed is gone, there is no room for another.
    if (waitpid(process_, nullptr, WNOHANG) == process_) process_ = start_process();
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("PostgreSQL did not start");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void PostgresServer::stop() {
  ::kill(process_, SIGINT);
  waitpid(process_, nullptr, 0);
  process_ = 0;
}

// Its children notice that it is gone, and the next start waits until they are.
void PostgresServer::kill() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = 0;
  std::filesystem::remove(folder_.file("data/postmaster.pid"));
}

std::string PostgresServer::create_database() {
  const std::string name = "test" + std::to_string(++databases_);
  PostgresConnection(url("postgres"), "").execute("CREATE DATABASE " + name);
  return url(name);
}

}  // namespace webmacs::testing
