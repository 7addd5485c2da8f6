#pragma once
// The body of an HTTP answer that is made while it is sent: nobody knows its length, and it never lies in memory as a
// whole. Network thread only. Destroyed when nobody wants more.

#include <functional>
#include <string>

namespace webmacs {

struct BodyPiece {
  enum class What { more, last, broken };  // broken: there is no more, and what was sent is not the whole
  What what = What::broken;
  std::string bytes;  // may be empty in the last one
};

class BodySource {
 public:
  virtual ~BodySource() = default;
  // `take` is called once, within the call or later, with what comes next; asked again only after that, and not after
  // the last or a broken piece.
  virtual void next(std::function<void(BodyPiece)> take) = 0;
  // `cut` is called when the client may have no more of it, at once: also while a piece is being sent.
  virtual void when_cut(std::function<void()> cut) = 0;
};

}  // namespace webmacs
