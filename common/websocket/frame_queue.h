#pragma once
// Encoded frames, and a connection's queue of them: bytes on their way out, in order, and how far the socket has taken
// them. Network thread only.

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

// Encoded bytes that many queues share: a broadcast is encoded once.
using SharedFrame = std::shared_ptr<const std::string>;

// A server's text frame (unmasked, RFC 6455 section 5.2); several may be appended to one buffer.
void append_text_frame(std::string& out, std::string_view payload);
SharedFrame make_text_frame(std::string_view payload);

class FrameQueue {
 public:
  void push(SharedFrame frame);
  // The bytes at the front, from at most `most` frames, replacing `buffers`. They live until they are taken.
  void gather(std::vector<boost::asio::const_buffer>& buffers, std::size_t most) const;
  // The socket has taken so many bytes off the front.
  void take(std::size_t bytes);
  void clear();

  bool empty() const { return bytes_ == 0; }
  std::size_t bytes() const { return bytes_; }

 private:
  // A vector and an index: an empty one owns nothing, where a deque owns half a kilobyte.
  std::vector<SharedFrame> frames_;
  std::size_t first_ = 0;  // of frames_, not yet wholly taken
  std::size_t taken_ = 0;  // bytes of frames_[first_]
  std::size_t bytes_ = 0;
};

}  // namespace webmacs
