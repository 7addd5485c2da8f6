#pragma once
// JSON frames <-> structs: the only place where the wire's member names live (contract, "Wire contract").
// Pure functions, usable from any thread. Decoders never throw: a wrong frame is a value that says what is wrong.

#include "common/reading.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace webmacs {

// A controller's text frame; a larger one closes with 1009. Agents cut theirs earlier, or at max_batch_readings.
constexpr std::size_t max_frame_bytes = std::size_t{64} * 1024;
constexpr std::size_t agent_frame_bytes = std::size_t{60} * 1024;
constexpr std::size_t max_batch_readings = 500;
constexpr std::int64_t max_batch_number = std::int64_t{1} << 53;

// ---- controller -> hub -------------------------------------------------------------------------------------------

// A reading as it stood in a frame. `error` says what is wrong with it (and is then all that counts);
// without a time stamp `reading.time` is the epoch and the hub's time of receipt is used.
struct ReceivedReading {
  Reading reading;
  bool has_time = false;
  std::string error;
};

struct ReadingsFrame {
  std::optional<std::int64_t> batch;  // answered by exactly one ack, busy or error when present
  bool backlog = false;
  bool single = false;  // the seed's format: one reading, no "datapoints"
  std::vector<ReceivedReading> readings;
};

struct EventDescription {
  std::string event_public_id;
  std::string name;
  std::string type = "analog";  // or "digital"
  std::string unit;
  std::optional<double> min_value;
  std::optional<double> max_value;
  std::optional<double> poll_interval;  // seconds
  std::optional<double> max_silence;    // seconds; set when there is a deadband
  std::string device;
};

struct EventsFrame {
  std::vector<EventDescription> events;
};

struct DeviceStatus {
  std::string name;
  bool online = false;
  std::string error;  // why it is offline; of one that is online what would help it, mostly nothing
};

struct StatusFrame {
  std::string agent;
  std::string version;
  std::int64_t backlog = 0;  // readings that wait in the agent's buffer
  std::int64_t dropped = 0;  // readings given up since the buffer was made
  std::optional<Timestamp> clock;
  std::vector<DeviceStatus> devices;
};

struct PingFrame {};

// The frame as a whole is wrong; `batch` where it could still be read.
struct InvalidFrame {
  std::optional<std::int64_t> batch;
  std::string message;
};

using ControllerFrame = std::variant<InvalidFrame, ReadingsFrame, EventsFrame, StatusFrame, PingFrame>;

ControllerFrame decode_controller_frame(std::string_view text);

// One reading as the seed writes it; bad ones with "value":null,"quality":"bad","reason".
void append_reading(std::string& out, const Reading& reading);

// Writes {"batch":n,"backlog":true,"datapoints":[…]} piece by piece, so that an agent can cut frames at
// agent_frame_bytes without encoding twice.
class BatchWriter {
 public:
  BatchWriter(std::int64_t batch, bool backlog);
  // False, and nothing is added, when the frame would exceed agent_frame_bytes or max_batch_readings (or `max_items`).
  bool try_add(const Reading& reading, std::size_t max_items = max_batch_readings);
  std::size_t size() const { return count_; }
  std::string finish();

 private:
  std::string text_;
  std::size_t count_ = 0;
};

// As many frames as needed, each at most agent_frame_bytes; none without events. Texts are cut at 200 bytes, which is
// also the most that is decoded; what is unset is null.
std::vector<std::string> encode_events(const std::vector<EventDescription>& events);
// One frame of at most agent_frame_bytes; devices beyond it are left out.
std::string encode_status(const StatusFrame& status);

// ---- hub -> controller -------------------------------------------------------------------------------------------

struct RejectedReading {
  std::size_t index = 0;
  std::string reason;
};

struct ConnectedMessage {
  std::string controller;
  std::size_t max_batch = max_batch_readings;
  std::size_t credit = 5000;        // readings that may be unanswered
  std::optional<Timestamp> time{};  // the hub's
};

struct AckMessage {
  std::int64_t batch = 0;
  std::size_t stored = 0;
  std::size_t duplicates = 0;
  std::vector<RejectedReading> rejected;
};

struct BusyMessage {
  std::int64_t batch = 0;
  double retry_after = 2.0;  // seconds
};

struct ErrorMessage {
  std::optional<std::int64_t> batch;
  std::string message;
};

struct PongMessage {};

// A message of a type this agent does not know, or whose members cannot be trusted: ignored.
struct UnknownMessage {};

using HubMessage = std::variant<UnknownMessage, ConnectedMessage, AckMessage, BusyMessage, ErrorMessage, PongMessage>;

HubMessage decode_hub_message(std::string_view text);

std::string encode(const ConnectedMessage& message);
std::string encode(const AckMessage& message);
std::string encode(const BusyMessage& message);
std::string encode(const ErrorMessage& message);
std::string encode(const PongMessage& message);

// ---- hub -> frontend ---------------------------------------------------------------------------------------------

// A reading that the hub has stored. The ids come from the store and from the experiment that covers it.
struct Datapoint {
  std::string public_id;
  Reading reading;
  std::optional<std::string> experiment_public_id;
};

// The seed's five members, and quality and reason when bad (which the default stream never carries).
void append_datapoint(std::string& out, const Datapoint& datapoint);

// ---- building blocks ---------------------------------------------------------------------------------------------

// The shortest text that reads back to the same double ("23.45", "0"); `value` must be finite (otherwise: null).
void append_number(std::string& out, double value);
// A JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace webmacs
