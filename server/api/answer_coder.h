#pragma once
// Compresses what REST answers from memory, for clients that take it: short answers at once, long ones in a thread of
// their own, so that the network thread goes on, and none of them waits for the disk. Network thread only.

#include "common/worker.h"
#include "server/http/content_coding.h"
#include "server/http/http_service.h"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>

namespace webmacs {

class AnswerCoder {
 public:
  explicit AnswerCoder(boost::asio::io_context& io);

  // Returns what takes the answer to a client that wants `coding` and hands it to `answer`: compressed when it is worth
  // it, unless it is already, or too much waits to be compressed. Says in its headers that this depends on the
  // client. The coder outlives the call of `answer`.
  HttpAnswer coded(ContentCoding coding, HttpAnswer answer);

  // What waits is compressed and handed over; later answers go as they are when they are long.
  void stop() { thread_.stop(); }
  // For the watchdog.
  Liveness::Clock::time_point last_turn() const { return thread_.last_turn(); }

 private:
  boost::asio::io_context& io_;
  const std::shared_ptr<std::size_t> waiting_ = std::make_shared<std::size_t>(0);  // bytes that the thread has
  Worker thread_;                                                                  // last: joins before the rest goes
};

}  // namespace webmacs
