#pragma once
// The agent's connection to the hub: connects, describes, sends live readings first and backlog beside them, waits for
// acknowledgements, obeys `busy`, reconnects (wire contract, "Controller -> hub"). Network thread only.

#include "agent/outbox.h"
#include "agent/settings.h"
#include "common/backoff.h"
#include "common/log.h"
#include "common/messages.h"
#include "common/websocket/client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

struct UplinkTiming {
  using Duration = std::chrono::milliseconds;
  Duration first_backoff{250}, longest_backoff{1500};  // each wait is half to all of it
  Duration restart_spread{2000};                       // after 1001 and 1012
  Duration crowded_spread{5000};                       // after 1013
  Duration refused_least{30000}, refused_most{60000};  // after 1008, 401 and 403
  Duration no_token{5000};
  Duration connect_timeout{10000};                     // name, TCP, TLS and handshake together
  Duration connected_timeout{10000};                   // for the hub's `connected`
  Duration answer_timeout{60000};                      // for the answer to a batch
  Duration status_interval{10000}, status_pause{200};  // regularly; between two changes at least
  Duration heartbeat_interval{5000}, heartbeat_timeout{10000};
};

class Uplink {
 public:
  // What the uplink asks of the agent and tells it.
  struct Hooks {
    std::function<std::vector<EventDescription>()> descriptions;
    std::function<StatusFrame()> status;
    std::function<void(Timestamp)> hub_time;  // what the hub says that it is now
    std::function<void()> report_all;         // connected: the next poll of each event is to be reported
    std::function<void()> state_changed;      // state() reads differently
  };

  // `outbox` outlives the uplink; its on_ready is to call pump().
  Uplink(boost::asio::io_context& io, HubSettings settings, Outbox& outbox, Hooks hooks, UplinkTiming timing = {});
  ~Uplink();
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  void start();
  // Closes with 1001; `done` is called, later, when the connection is gone.
  void stop(std::function<void()> done);
  // Connects anew with these settings at once, whatever it was waiting for.
  void apply(HubSettings settings);

  void pump();            // there may be more to send
  void status_changed();  // sends the status soon
  void describe_again();  // the events changed

  bool connected() const { return stage_ == Stage::ready; }
  std::string state() const;  // for people: "connected to hub.lab:8000 as rig1"

 private:
  using Clock = std::chrono::steady_clock;
  enum class Stage { idle, connecting, opened, ready };
  class Session;

  struct Unanswered {
    std::size_t readings = 0;
    bool backlog = false;
    Clock::time_point sent;
  };

  // How a connection, or the attempt to make one, came to its end.
  struct Ending {
    bool was_ready = false;
    std::uint16_t code = 0;
    int http_status = 0;  // of a handshake that failed
    std::string reason;
    bool refused() const;  // by the hub, because of the token
  };

  // Connection (uplink.cpp).
  void connect();
  void on_open();
  void on_text(std::string_view text);
  void on_closed(std::uint16_t code, const std::string& reason);
  void retry_in(std::chrono::milliseconds wait);
  std::chrono::milliseconds wait_after(const Ending& ending);
  void log_ending(const Ending& ending, std::chrono::milliseconds wait);
  void abandon_attempt();
  std::string hub_name() const;

  // Messages and sending (uplink_messages.cpp).
  void handle(const UnknownMessage&) {}
  void handle(const PongMessage&) {}
  void handle(const ConnectedMessage& message);
  void handle(const AckMessage& message);
  void handle(const BusyMessage& message);
  void handle(const ErrorMessage& message);
  bool answered(std::int64_t batch);
  void log_rejected(const Reading& reading, const std::string& reason, bool again);
  void send_status();
  void warn_of_certificate();
  void arm_status(std::chrono::milliseconds wait);
  bool send_control();
  bool send_held();
  void send_live();
  void send_backlog();
  bool send_batch(Outbox::Kind kind, std::size_t most);
  bool room() const;
  void pump_in(Clock::duration wait);

  boost::asio::io_context& io_;
  HubSettings settings_;
  Outbox& outbox_;
  const Hooks hooks_;
  const UplinkTiming timing_;
  DeadlineList deadlines_;
  Backoff backoff_;

  Stage stage_ = Stage::idle;
  bool stopping_ = false;
  bool reconnect_at_once_ = false;
  std::function<void()> stopped_;
  std::shared_ptr<Session> session_;
  std::unique_ptr<ConnectAttempt> attempt_;
  std::shared_ptr<Connection> connection_;
  std::string last_failure_;
  std::string waiting_text_;
  RepeatedLog same_failure_{LogLevel::warning, std::chrono::seconds(600)};

  // Of the present connection.
  std::string controller_;
  std::size_t credit_ = 0;
  std::size_t max_batch_ = 0;
  Clock::time_point ready_since_{};
  std::map<std::int64_t, Unanswered> unanswered_;
  std::size_t unanswered_readings_ = 0;
  std::size_t unanswered_backlog_ = 0;
  std::map<std::int64_t, Unanswered> held_;  // answered `busy`: sent again, before anything else
  Clock::time_point paused_until_{};
  std::deque<std::string> control_frames_;  // descriptions and status that wait for room
  Clock::time_point status_sent_{};

  std::int64_t next_batch_ = 1;
  std::map<std::string, RepeatedLog> rejections_;  // by reason
  RepeatedLog hub_errors_{LogLevel::error};
  RepeatedLog busy_log_{LogLevel::warning};
  RepeatedLog certificate_log_{LogLevel::warning, std::chrono::hours(24)};

  boost::asio::steady_timer retry_timer_, connected_timer_, pump_timer_, status_timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace webmacs
