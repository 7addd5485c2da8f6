#include "common/liveness.h"

namespace webmacs {
namespace {

thread_local Liveness* watched = nullptr;

}  // namespace

void Liveness::watch_this_thread() {
  watched = this;
  turn();
}

void note_turn() {
  if (watched != nullptr) watched->turn();
}

}  // namespace webmacs
