#include "common/websocket/frame_queue.h"

namespace webmacs {

// A burst's capacity beyond this is given back when the queue has drained.
constexpr std::size_t kept_capacity = 16;

void FrameQueue::push(SharedFrame frame) {
  if (frame->empty()) return;
  // Makes room at the front rather than at the end once half of it is gone.
  if (first_ > 0 && frames_.size() == frames_.capacity() && first_ * 2 >= frames_.size()) {
    frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  bytes_ += frame->size();
  frames_.push_back(std::move(frame));
}

void FrameQueue::gather(std::vector<boost::asio::const_buffer>& buffers, std::size_t most) const {
  buffers.clear();
  for (std::size_t i = first_; i < frames_.size() && buffers.size() < most; ++i) {
    const std::size_t skip = i == first_ ? taken_ : 0;
    buffers.emplace_back(frames_[i]->data() + skip, frames_[i]->size() - skip);
  }
}

void FrameQueue::take(std::size_t bytes) {
  bytes_ -= bytes;
  taken_ += bytes;
  while (first_ < frames_.size() && taken_ >= frames_[first_]->size()) {
    taken_ -= frames_[first_]->size();
    frames_[first_++].reset();
  }
  if (empty()) clear();
}

void FrameQueue::clear() {
  frames_.clear();
  if (frames_.capacity() > kept_capacity) frames_.shrink_to_fit();
  first_ = taken_ = bytes_ = 0;
}

void append_text_frame(std::string& out, std::string_view payload) {
  const std::size_t size = payload.size();
  out.push_back('\x81');  // FIN, text
  if (size < 126) {
    out.push_back(static_cast<char>(size));
  } else {
    const int length_bytes = size <= 0xFFFF ? 2 : 8;
    out.push_back(length_bytes == 2 ? '\x7E' : '\x7F');
    for (int i = length_bytes - 1; i >= 0; --i) out.push_back(static_cast<char>((size >> (8 * i)) & 0xFF));
  }
  out.append(payload);
}

SharedFrame make_text_frame(std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + 10);
  append_text_frame(frame, payload);
  return std::make_shared<const std::string>(std::move(frame));
}

}  // namespace webmacs
