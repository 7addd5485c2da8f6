// Pushing readings without a WebSocket.

#include "common/feed_messages.h"
#include "common/timestamp.h"
#include "server/api/rest_routes.h"
#include "server/catalog/experiments.h"
#include "server/ingest/ingest.h"
#include "server/store/datapoint_id.h"

#include <algorithm>

namespace webmacs {
namespace {

HttpResponse busy() {
  auto response = problem(503, "the store cannot keep up or is away; nothing of it was stored; send it again later");
  response.headers = {{"Retry-After", "2"}};
  return response;
}

std::string rejection(const AppendResult& result) {
  if (result.outcome == Outcome::damaged) return "the store is damaged there";
  return result.outcome == Outcome::foreign_event ? "event belongs to " + result.owner : "conflict";
}

ReadingsFrame decode_readings(const RestCallPtr& call, bool single) {
  auto frame = decode_controller_frame(call->request.body);
  if (const auto* invalid = std::get_if<InvalidFrame>(&frame)) throw RestProblem(422, invalid->message);
  auto* readings = std::get_if<ReadingsFrame>(&frame);
  if (readings == nullptr || readings->single != single) {
    throw RestProblem(422, single ? "the body is not one reading" : "datapoints: missing");
  }
  return std::move(*readings);
}

void push_one(const RestServices& services, const RestCallPtr& call) {
  auto frame = decode_readings(call, true);
  ReceivedReading& received = frame.readings.at(0);
  if (!received.error.empty()) throw RestProblem(422, received.error);
  if (!received.has_time) received.reading.time = utc_now();
  const Reading reading = received.reading;
  IncomingBatch batch{call->identity.name, {{std::move(received.reading), !received.has_time}}};
  auto stored = [&services, call, reading](const std::vector<AppendResult>& results) {
    if (results.empty()) return call->answer(busy());
    const AppendResult& result = results[0];
    if (result.outcome == Outcome::damaged) return call->answer(problem(500, rejection(result)));
    if (result.outcome == Outcome::conflict || result.outcome == Outcome::foreign_event) {
      return call->answer(problem(409, rejection(result)));
    }
    Datapoint datapoint{datapoint_public_id(result.event_key, result.time), reading,
                        services.experiments.of(call->identity.name, result.time)};
    datapoint.reading.time = result.time;
    std::string body;
    append_datapoint(body, datapoint);
    call->answer(json_response(std::move(body), result.outcome == Outcome::stored ? 201 : 200));
  };
  if (!services.ingest.try_submit(std::move(batch), false, true, std::move(stored))) call->answer(busy());
}

void push_batch(const RestServices& services, const RestCallPtr& call) {
  auto frame = decode_readings(call, false);
  AckMessage ack;
  const Timestamp now = utc_now();
  IncomingBatch batch{call->identity.name, {}};
  std::vector<std::size_t> index;  // of each incoming reading in the body
  for (std::size_t i = 0; i < frame.readings.size(); ++i) {
    ReceivedReading& received = frame.readings[i];
    if (!received.error.empty()) {
      ack.rejected.push_back({i, std::move(received.error)});
      continue;
    }
    if (!received.has_time) received.reading.time = now;
    batch.readings.push_back({std::move(received.reading), !received.has_time});
    index.push_back(i);
  }
  const auto batch_number = frame.batch;
  if (batch.readings.empty()) return call->answer(json_response(encode_push_answer(ack, batch_number), 201));
  auto stored = [call, ack, index = std::move(index), batch_number](const std::vector<AppendResult>& results) mutable {
    if (results.empty()) return call->answer(busy());
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i].outcome == Outcome::stored) {
        ++ack.stored;
      } else if (results[i].outcome == Outcome::duplicate) {
        ++ack.duplicates;
      } else {
        ack.rejected.push_back({index[i], rejection(results[i])});
      }
    }
    std::ranges::sort(ack.rejected, {}, &RejectedReading::index);
    call->answer(json_response(encode_push_answer(ack, batch_number), 201));
  };
  if (!services.ingest.try_submit(std::move(batch), frame.backlog, true, std::move(stored))) call->answer(busy());
}

}  // namespace

void add_push_routes(RestRouter& router, const RestServices& services) {
  using Verb = RestRouter::Verb;
  router.add(Verb::post, "/api/v1/datapoints", Right::push,
             [&services](const RestCallPtr& call) { push_one(services, call); });
  router.add(Verb::post, "/api/v1/datapoints/batch", Right::push,
             [&services](const RestCallPtr& call) { push_batch(services, call); });
}

}  // namespace webmacs
