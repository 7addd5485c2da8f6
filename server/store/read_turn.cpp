#include "server/store/read_turn.h"

namespace webmacs {
namespace {

thread_local ReadTurn* of_this_thread = nullptr;

}  // namespace

void ReadTurn::set(ReadTurn* turn) {
  of_this_thread = turn;
}

void offer_read_turn() {
  if (of_this_thread != nullptr) of_this_thread->offer();
}

}  // namespace webmacs
