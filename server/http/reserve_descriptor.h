#pragma once
// A descriptor kept for the moment when there is none left: given up, it lets a waiting connection be accepted and
// closed, so that it neither waits for ever nor keeps the listener awake. Network thread only.

namespace webmacs {

class ReserveDescriptor {
 public:
  ReserveDescriptor();
  ~ReserveDescriptor();
  ReserveDescriptor(const ReserveDescriptor&) = delete;
  ReserveDescriptor& operator=(const ReserveDescriptor&) = delete;

  enum class Outcome { turned_away, nobody_waits, failed };
  // Accepts one waiting connection of `listening_socket` (non-blocking) and closes it. Without a descriptor the kernel
  // refuses to accept before it looks whether anybody waits. Failed: somebody else took the reserve.
  Outcome turn_one_away(int listening_socket);

 private:
  void take();

  int descriptor_ = -1;
};

}  // namespace webmacs
