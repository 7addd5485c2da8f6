#include "common/secret_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace webmacs {
namespace {

constexpr mode_t of_others = S_IRWXO;
constexpr mode_t private_mode = S_IRUSR | S_IWUSR | S_IRGRP;

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// Root gives what it has made to the owner of the folder that it lies in. What fails leaves it root's.
void give_to_owner_of_folder(const fs::path& path) {
  struct stat folder {};
  if (geteuid() != 0 || stat(folder_of(path).c_str(), &folder) != 0 || folder.st_uid == 0) return;
  [[maybe_unused]] const int failed = lchown(path.c_str(), folder.st_uid, folder.st_gid);
}

void make_folder(const fs::path& folder) {
  std::error_code ec;
  if (folder.empty() || fs::exists(folder, ec)) return;
  make_folder(folder.parent_path());
  if (fs::create_directory(folder, ec)) give_to_owner_of_folder(folder);
}

}  // namespace

std::string readable_by_all(const std::string& what, const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0) return {};
  return fmt::format("{} {}: everybody on this machine can read it (mode {:04o}): chmod o-rwx {}", what, path,
                     status.st_mode & 07777, path);
}

void make_folder_of(const std::string& path) {
  make_folder(fs::path(path).parent_path());
}

bool make_private(const std::string& path) {
  const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, private_mode);
  if (made >= 0) {
    ::close(made);
    give_to_owner_of_folder(path);
    return false;
  }
  return take_from_others(path);
}

bool take_from_others(const std::string& path) {
  const int there = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (there < 0) return false;
  struct stat status {};
  const bool took = fstat(there, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & of_others) != 0 &&
                    fchmod(there, status.st_mode & 07777 & ~of_others) == 0;
  ::close(there);
  return took;
}

std::string denied(const std::string& path) {
  if (access(path.c_str(), R_OK) == 0 || errno != EACCES) return {};
  return path + ": permission denied; run with sudo";
}

}  // namespace webmacs
