#include "server/api/answer_coder.h"

#include <boost/asio/post.hpp>

#include <utility>

namespace webmacs {
namespace {

constexpr std::size_t most_bytes_at_once = 16 * 1024;        // a tenth of a millisecond
constexpr std::size_t most_bytes_waiting = 4 * 1024 * 1024;  // a twentieth of a second; one answer may be longer
constexpr std::size_t most_answers_waiting = most_bytes_waiting / most_bytes_at_once;

// An answer on its way through the thread.
struct Kept {
  Kept(HttpResponse&& compressed, const HttpAnswer& taker) : response(std::move(compressed)), answer(taker) {}
  HttpResponse response;
  HttpAnswer answer;
};

}  // namespace

AnswerCoder::AnswerCoder(boost::asio::io_context& io) : io_(io), thread_("answer coder", most_answers_waiting) {}

HttpAnswer AnswerCoder::coded(ContentCoding coding, HttpAnswer answer) {
  return [this, coding, answer = std::move(answer)](HttpResponse response) {
    if (!response.body.empty() || response.end != BodyEnd::length)
      response.headers.emplace_back("Vary", "Accept-Encoding");
    const std::size_t bytes = response.body.size();
    if (bytes <= most_bytes_at_once) encode_body(response, coding);
    const bool is_too_much = *waiting_ > 0 && *waiting_ + bytes > most_bytes_waiting;
    if (is_too_much || !is_to_be_coded(response, coding)) return answer(std::move(response));
    // Destroyed on the network thread, wherever it was compressed.
    auto kept = std::make_shared<Kept>(std::move(response), answer);
    const bool taken = thread_.try_post([&io = io_, waiting = waiting_, bytes, coding, kept]() mutable {
      encode_body(kept->response, coding);
      boost::asio::post(io, [waiting = std::move(waiting), bytes, kept = std::move(kept)] {
        *waiting -= bytes;
        kept->answer(std::move(kept->response));
      });
    });
    if (!taken) return kept->answer(std::move(kept->response));
    *waiting_ += bytes;
  };
}

}  // namespace webmacs
