#pragma once
// Long reads take turns: a thread of StoreReaders that reads for another token hands its connection on after a slice.

#include <stdexcept>

namespace webmacs {

// Nobody waits any more for what is being read: its client is gone, or the program stops.
class ReadDropped : public std::runtime_error {
 public:
  ReadDropped() : std::runtime_error("nobody waits for this read any more") {}
};

// What a thread takes turns with; StoreReaders sets it for its threads.
class ReadTurn {
 public:
  virtual ~ReadTurn() = default;
  // Returns when the thread may go on. Throws ReadDropped.
  virtual void offer() = 0;
  // The calling thread's from now on; null: none.
  static void set(ReadTurn* turn);
};

// Called by stores before each read, while they hold nothing: others may use the connection meanwhile. Does nothing in
// a thread that takes no turns. Throws ReadDropped.
void offer_read_turn();

}  // namespace webmacs
