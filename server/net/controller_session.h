#pragma once
// One controller's socket on /ws/controller/telemetry: readings in, answers out (contract, "Controller -> hub").
// Network thread only.

#include "common/messages.h"
#include "server/catalog/controller_registry.h"
#include "server/catalog/event_catalog.h"
#include "server/ingest/ingest.h"
#include "server/net/session.h"

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <memory>
#include <string>

namespace webmacs {

// Of all controllers, since the hub started.
struct ReadingCounters {
  std::uint64_t received = 0;
  std::uint64_t invalid = 0;  // of them
};

// What a controller's session needs of the hub; all of it outlives the session.
struct ControllerServices {
  boost::asio::io_context& io;
  Ingest& ingest;
  ControllerRegistry& controllers;
  EventCatalog& events;
  SessionSet& sessions;
  ReadingCounters& readings;
};

class ControllerSession : public Session, public std::enable_shared_from_this<ControllerSession> {
 public:
  // `wants_connected`: the client asked with ?ack=1. `peer` names the client in the log.
  ControllerSession(ControllerServices services, Identity identity, bool wants_connected, std::string peer);

  void attach(std::shared_ptr<Connection> connection) override;
  void stop_reading() override;
  void close(std::uint16_t code, const std::string& reason) override;
  void drop() override;
  std::size_t queued_bytes() const override;

  void on_open() override;
  void on_text(std::string_view text) override;
  void on_closed(std::uint16_t code, const std::string& reason) override;

 private:
  // One handler per message of the contract. False: the store has no room, the frame is kept and tried again.
  bool handle(std::string_view text);
  bool handle(InvalidFrame& frame);
  bool handle(ReadingsFrame& frame);
  bool handle(EventsFrame& frame);
  bool handle(StatusFrame& frame);
  bool handle(PingFrame& frame);

  void answer_batch(std::int64_t batch, ReadingsFrame& frame);
  bool take_unanswered(ReadingsFrame& frame);
  void tell_rejected(const std::vector<std::string>& event_ids, const std::vector<AppendResult>& results);
  void count(const ReadingsFrame& frame);
  void invalid(const ErrorMessage& error);
  void send(const std::string& text);
  void greet();

  void hold(std::string text);
  void retry_held();

  ControllerServices services_;
  const bool wants_connected_;
  const std::string peer_;
  std::shared_ptr<Connection> connection_;  // from attach to on_closed
  bool open_ = false;
  bool greeted_ = false;
  std::size_t unanswered_readings_ = 0;
  int invalid_in_a_row_ = 0;
  std::deque<std::string> held_;  // frames without a batch number that found the store full; reading is paused
  boost::asio::steady_timer held_deadline_;
  bool waiting_for_room_ = false;
};

}  // namespace webmacs
