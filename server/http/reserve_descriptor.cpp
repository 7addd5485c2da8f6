#include "server/http/reserve_descriptor.h"

#include <sys/socket.h>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace webmacs {

ReserveDescriptor::ReserveDescriptor() {
  take();
}

ReserveDescriptor::~ReserveDescriptor() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void ReserveDescriptor::take() {
  descriptor_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

ReserveDescriptor::Outcome ReserveDescriptor::turn_one_away(int listening_socket) {
  if (descriptor_ < 0) take();
  if (descriptor_ < 0) return Outcome::failed;
  ::close(descriptor_);
  const int connection = ::accept4(listening_socket, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  const bool nobody_waits = connection < 0 && (errno == EAGAIN);
  if (connection >= 0) ::close(connection);
  take();
  if (nobody_waits) return Outcome::nobody_waits;
  return connection >= 0 ? Outcome::turned_away : Outcome::failed;
}

}  // namespace webmacs
