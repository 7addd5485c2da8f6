#include "hardware/read_outcome.h"

#include <fmt/format.h>

namespace webmacs {

std::string ReadOutcome::reason() const {
  switch (kind) {
    case Kind::good:
      return "";
    case Kind::exception:
      return fmt::format("exception {}", exception);
    case Kind::timeout:
      return "timeout";
    case Kind::disconnected:
    case Kind::no_connection:
      return "disconnected";
    case Kind::bad_reply:
    case Kind::wrong_count:
      return fmt::format("bad reply: {}", detail);
    case Kind::interrupted:
      return "interrupted";
  }
  return "";
}

std::string ReadOutcome::description() const {
  const bool said = detail.empty() || kind == Kind::bad_reply || kind == Kind::wrong_count;
  return said ? reason() : fmt::format("{}: {}", reason(), detail);
}

}  // namespace webmacs
