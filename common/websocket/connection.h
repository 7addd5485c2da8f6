#pragma once
// One WebSocket over a byte stream, server or client role (RFC 6455). websocketpp does the protocol without I/O;
// the socket, the queue and its bound, the timers and the orderly close are ours: exact and few.
// Everything here belongs to the network thread.

#include "common/websocket/byte_stream.h"
#include "common/websocket/deadline_list.h"
#include "common/websocket/frame_queue.h"
#include "common/websocket/protocol_engine.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace webmacs {

class ClientHandshake;

namespace close_code {
constexpr std::uint16_t normal = 1000, going_away = 1001, protocol_error = 1002, unsupported = 1003, no_status = 1005,
                        abnormal = 1006, invalid_payload = 1007, policy = 1008, too_big = 1009, internal_error = 1011,
                        service_restart = 1012, try_again_later = 1013;
}

struct ConnectionLimits {
  // Outbound, bytes in flight included: what try_send takes and what pings are answered with. One close frame (at most
  // 131 bytes) and the handshake go on top.
  std::size_t queue_bytes = 1024 * 1024;
  std::size_t max_message_bytes = 64 * 1024;            // inbound; a larger one closes with 1009
  std::chrono::milliseconds heartbeat_interval{25000};  // a ping each; 0: none
  std::chrono::milliseconds heartbeat_timeout{10000};   // a peer silent this long after a ping is dropped
  std::chrono::milliseconds handshake_timeout{10000};
  std::chrono::milliseconds close_timeout{2000};   // from close() to the end, what is queued included
  std::chrono::milliseconds stall_timeout{30000};  // a peer that takes no byte for this long is dropped
};

// What the owner of a connection is told. on_closed comes exactly once, last, and never from inside a call into the
// connection; after it the connection holds no reference to the handler. The handler is kept alive until then.
// The others do not come from inside a call either. A handler that throws closes the connection with 1011.
class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;
  virtual void on_open() = 0;                       // the handshake is done; not called when it was closed before
  virtual void on_text(std::string_view text) = 0;  // one whole message, valid UTF-8; the view lives for the call
  virtual void on_sent() {}                         // the outbound queue became empty
  // The code and reason of the side that closed first: the peer's close frame, or what close() was given, or the code
  // that answered the peer's violation (1002, 1003, 1007, 1009). 1005: a close frame without a code. 1006: it ended
  // without a close frame, and the reason says why.
  virtual void on_closed(std::uint16_t code, const std::string& reason) = 0;
};

class Connection final : public std::enable_shared_from_this<Connection>, private DeadlineOwner, private EngineEvents {
 public:
  // Server role: `request` are the upgrade request's raw header bytes as they came (whatever followed them included).
  // `subprotocol` is the one to select, empty for none. The caller has already routed and authorised it. It may be
  // sent to and closed at once; on_open comes with the next turn.
  static std::shared_ptr<Connection> accept(std::unique_ptr<ByteStream> stream, const std::string& request,
                                            const std::string& subprotocol, const ConnectionLimits& limits,
                                            DeadlineList& deadlines, std::shared_ptr<ConnectionHandler> handler);
  // Client role, on a connected stream: sends the upgrade request. `headers` are added to it (Authorization).
  struct ClientRequest {
    std::string host;    // for the Host header, with the port where it is not the default
    std::string target;  // path and query
    std::vector<std::pair<std::string, std::string>> headers;
  };
  static std::shared_ptr<Connection> connect(std::unique_ptr<ByteStream> stream, const ClientRequest& request,
                                             const ConnectionLimits& limits, DeadlineList& deadlines,
                                             std::shared_ptr<ConnectionHandler> handler);
  ~Connection();

  // Queues one text message. False, and nothing is queued, when it would exceed queue_bytes or the connection is not
  // open (closing included). All that is queued within one turn of the loop leaves in one gathered write.
  bool try_send(std::string_view text);
  // Server role only: already encoded frames, shared with other connections.
  bool try_send(const SharedFrame& frames);

  // Outbound bytes not yet taken by the socket, those in flight included.
  std::size_t queued_bytes() const { return queue_.bytes(); }

  // Stops reading the socket (the peer is slowed down by TCP) and suspends the heartbeat; resume continues both. No
  // on_text comes in between: what was read already (at most one chunk of 64 KiB) is kept. That the peer has gone may
  // not be noticed before resume_reading.
  void pause_reading();
  void resume_reading();

  // Sends a close frame after what is queued and waits for the peer's, then closes the socket; after close_timeout it
  // is closed however far that came. No on_text any more. Before the handshake is done it drops the connection.
  void close(std::uint16_t code, const std::string& reason);
  // Closes the socket at once; on_closed(1006) follows.
  void drop(const std::string& why);
  // Closes the socket at once; the handler is let go and hears nothing more.
  void abandon();

  // The handshake was done, whatever came then.
  bool was_open() const { return was_open_; }
  // After a failed client handshake: the HTTP status the server answered with, 0 otherwise.
  int http_status() const { return http_status_; }
  // A pong or any other bytes from the peer arrived last at this time (monotonic).
  std::chrono::steady_clock::time_point last_heard() const { return last_heard_; }

 private:
  // opening: the handshake. closing: our close frame is queued, the peer's has not come. draining: no frame is awaited;
  // what is queued is sent, then FIN, and bytes are read and forgotten until the peer closes, because a socket closed
  // over unread bytes is reset and takes our close frame with it.
  enum class State : std::uint8_t { opening, open, closing, draining, closed };

  Connection(std::unique_ptr<ByteStream> stream, const ConnectionLimits& limits, DeadlineList& deadlines,
             std::shared_ptr<ConnectionHandler> handler, bool is_server);
  void start_server(const std::string& request, const std::string& subprotocol);
  void start_client(const ClientRequest& request);
  void enter_open();
  template <typename Call>
  void guarded(Call&& call);
  template <typename Call>
  void later(Call&& call);

  // reading
  void read();
  void on_read(error_code ec, std::string_view bytes);
  void on_end_of_stream(error_code ec);
  void consume(std::string_view bytes);
  bool finish_handshake(std::string_view& bytes);
  void continue_reading();
  bool on_engine_text(std::string_view text) override;
  void on_engine_binary() override;
  void on_engine_reply(Reply kind, std::string frame) override;
  void on_engine_closed(std::uint16_t code, const std::string& reason) override;

  // writing
  bool can_queue(std::size_t bytes) const;
  void enqueue(SharedFrame frame);
  void schedule_flush();
  void flush();
  void write_rest();
  void on_taken(std::size_t bytes);
  void on_queue_empty();
  void on_write_failed(error_code ec);

  // ending
  void end_with(std::uint16_t code, const std::string& reason);
  void drain();
  void finish(std::uint16_t code, const std::string& reason);

  // time
  void heard();
  void start_heartbeat();
  void beat(TimePoint now);
  void stop_heartbeat();
  bool shows_life(TimePoint now);
  void on_deadline(TimePoint now) override;
  void update_deadline();

  // constant after construction
  const ConnectionLimits limits_;
  DeadlineList& deadlines_;
  const std::unique_ptr<ByteStream> stream_;

  std::shared_ptr<ConnectionHandler> handler_;  // until on_closed
  std::unique_ptr<ClientHandshake> handshake_;  // client role, until it is done
  std::unique_ptr<ProtocolEngine> engine_;
  FrameQueue queue_;
  std::string unread_;                             // read, and not yet given to the engine
  std::shared_ptr<Connection> kept_while_paused_;  // nothing else may be under way then

  std::string reason_;
  std::uint16_t code_ = 0;  // how it ends, once that is known
  std::uint16_t http_status_ = 0;
  State state_ = State::opening;
  const bool is_server_;
  bool was_open_ = false;
  bool reading_ = false;
  bool consuming_ = false;
  bool paused_ = false;
  bool stream_ended_ = false;
  bool writing_ = false;
  bool flush_scheduled_ = false;
  bool write_failed_ = false;
  bool fin_sent_ = false;

  // TimePoint::max(): not due
  TimePoint armed_for_ = TimePoint::max();  // in deadlines_; never later than what is due next
  TimePoint phase_due_ = TimePoint::max();  // the handshake, or the closing, must be over
  TimePoint ping_due_ = TimePoint::max();
  TimePoint pong_due_ = TimePoint::max();
  TimePoint stall_due_ = TimePoint::max();
  TimePoint pinged_at_;
  TimePoint last_taken_;
  TimePoint last_heard_;
};

}  // namespace webmacs
