#pragma once
// How many messages a WebSocket server spreads to how many subscribers. Prints {"started":true} when it has warmed up
// and begins to count, so that the caller can look at the server's processor time.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace webmacs {

struct FanOptions {
  // What the publisher sends; a subscriber gets one frame of 160 bytes for each message in every form.
  enum class Form {
    datapoint,  // the text that the subscribers shall get, for servers that pass on what they get
    reading,    // the seed's format, one reading a frame
    batch       // the contract's batches
  };

  std::uint16_t port = 0;  // on the loopback
  std::string publish_path;
  std::string subscribe_path;
  Form form = Form::datapoint;
  std::size_t subscribers = 1;
  std::chrono::nanoseconds duration{};

  // As fast as it goes: so many messages are published and not yet received by all subscribers …
  std::uint64_t in_flight = 1;
  // … or, for batch subscribers (whose envelopes hold as many datapoints as there were), not yet answered.
  bool by_answers = false;
  // Batches have exactly so many messages; 0: as many as there is room for. Needed with by_answers.
  std::size_t frame_messages = 0;

  // Or `burst` messages each `interval`, whatever is in flight; latencies are measured. 0: as fast as it goes.
  std::size_t burst = 0;
  std::chrono::nanoseconds interval{};

  // It sends again when an eighth of what may be in flight has arrived: not a message for each that came.
  std::size_t least_frame() const {
    return frame_messages == 0 ? std::max<std::size_t>(1, in_flight / 8) : frame_messages;
  }
  std::size_t most_frame() const { return frame_messages == 0 ? 500 : frame_messages; }
};

struct FanFigures {
  std::uint64_t deliveries = 0;  // received by all subscribers together
  std::uint64_t messages = 0;    // published
  double seconds = 0;
  double payload_bytes = 0;       // of a frame, on average
  double p50_ms = 0, p99_ms = 0;  // from publishing to each subscriber, when paced
};

// The tokens are WEBMACS_TOKEN and WEBMACS_VIEWER_TOKEN of the environment. Throws when a connection is lost.
FanFigures fan(const FanOptions& options);

}  // namespace webmacs
