#pragma once
// What a simulated device always does, because it is one of those: silent registers, a gateway that waits, one socket.

#include "hardware/register.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

struct SilentRange {
  RegisterKind kind = RegisterKind::holding;
  int first = 0;
  int last = 0;  // included
};

struct UnitQuirks {
  std::vector<SilentRange> silent;      // a read that touches one of these gets no answer
  std::optional<int> refusal;           // instead of exceptions 1, 2 and 3: this one; 0: silence
  int longest = 2000;                   // registers or bits of a read; longer ones are refused
  int shortens = 2000;                  // so many are answered, as a success, when more are asked for
  std::optional<int> answers_as;        // unit in the replies
  std::chrono::microseconds sleeps{0};  // after so long without a request the next one only wakes it; 0: never
  std::chrono::microseconds reply_time{0};
};

// Of all devices that share a line or gateway.
struct LineQuirks {
  std::chrono::microseconds warmup{0};        // requests so soon after the connection are ignored
  int sockets = 0;                            // connections at once; 0: any number
  std::chrono::microseconds frees{0};         // so long after its end a connection's socket can be used again
  std::chrono::microseconds gateway_wait{0};  // for a unit that is off or was never there; nobody is served meanwhile
  int gateway_says = 0;                       // after it: exception 10 or 11; 0: nothing
  bool echo = false;                          // each request comes back before its reply
  int leading = 0;                            // zero bytes before each RTU reply
  int trailing = 0;                           // and behind it
};

// "warmup=500ms", "silent=holding:100-101", … to one of the two. False when it is none of them, and `mistake` says what
// is wrong and what is allowed.
bool set_quirk(std::string_view text, UnitQuirks& unit, LineQuirks& line, std::string& mistake);

std::string quirk_help();  // the keys with an example each, for --help and messages

}  // namespace webmacs
