#pragma once
// Who stops a line, and for how long. A gateway that waits for a dead unit serves nobody meanwhile: its other units
// time out though they are well. Pure; used by one line, on its thread.

#include <array>
#include <chrono>
#include <optional>

namespace webmacs {

class GatewayStall {
 public:
  using Duration = std::chrono::microseconds;

  // `unit` was waited for in vain. `again`: a further try of the same request.
  void note_silence(int unit, Duration waited, bool again);
  // `unit` sent a frame, after the line was waited on for so long.
  void note_answer(int unit, Duration waited);

  // Nobody has answered since another unit than this one was silent: this one's silence says nothing about it.
  bool behind_another(int unit) const;
  // This unit was silent, then others, and nobody has answered since.
  bool stops_others(int unit) const;
  // How long the line was waited on in vain because of this unit's last silence, until another unit answered.
  Duration cost(int unit) const;

 private:
  struct Silence {
    int unit = 0;
    Duration own{};        // waited for the unit itself
    Duration others{};     // waited for those that were asked after it
    int tries = 0;         // that the gateway may still have to wait for
    bool resumed = false;  // by a try that it had not come to
  };
  // A gateway goes on with tries whose connection was closed long ago: others may have been answered in between.
  struct Suspect {
    int unit = 0;
    int tries = 0;
    int answers = 0;  // of others since
  };
  std::optional<Silence> open_;
  std::optional<Suspect> suspect_;
  std::array<Duration, 256> costs_{};
};

}  // namespace webmacs
