#pragma once
// What became of one read request.

#include "hardware/exception_code.h"

#include <string>

namespace webmacs {

struct ReadOutcome {
  enum class Kind {
    good,
    exception,      // the unit answered that it cannot: `exception` is its code
    timeout,        // no whole reply until the deadline
    disconnected,   // the connection broke before the reply was whole
    no_connection,  // there is none, and it is too early to try again or trying failed
    bad_reply,      // what came was not the answer to this request
    wrong_count,    // the unit answered with another number of registers than it was asked for
    interrupted
  };
  Kind kind = Kind::no_connection;
  int exception = 0;
  std::string detail{};  // for people: "Connection refused", "wrong transaction"; empty with good and exception

  bool good() const { return kind == Kind::good; }
  // Nothing was heard of the unit, or nothing that could be understood: asking again may help.
  bool silent() const {
    return kind == Kind::timeout || kind == Kind::disconnected || kind == Kind::bad_reply ||
           (kind == Kind::exception && means_silence(exception));
  }
  // The unit lives, but does not serve this request as it is.
  bool refused() const { return kind == Kind::wrong_count || (kind == Kind::exception && means_refusal(exception)); }

  // A refusal that says nothing of the registers: the next one may be served.
  bool may_pass() const { return refused() && exception != illegal_address && exception != illegal_value; }

  // "timeout", "exception 2", "bad reply: wrong checksum": stored with the bad reading, the same text for the same
  // cause.
  std::string reason() const;
  // The reason and the detail, for the log and the status.
  std::string description() const;
};

}  // namespace webmacs
