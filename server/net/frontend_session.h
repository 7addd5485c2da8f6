#pragma once
// One frontend's socket on /ws/datapoints/stream: live datapoints out (contract, "Hub -> frontend").
// Network thread only.

#include "server/net/session.h"
#include "server/stream/live_feed.h"

#include <memory>
#include <string>

namespace webmacs {

class FrontendSession : public Session, public Subscriber, public std::enable_shared_from_this<FrontendSession> {
 public:
  FrontendSession(LiveFeed& feed, SessionSet& sessions, Identity identity, Subscription subscription,
                  std::size_t queue_bytes, std::string peer);

  void attach(std::shared_ptr<Connection> connection) override;
  void stop_reading() override;
  void close(std::uint16_t code, const std::string& reason) override;
  void drop() override;
  std::size_t queued_bytes() const override;

  // A client that falls behind: the default format is closed with 1013; a batch client gets nothing more until its
  // queue is empty, and then the latest value per event and how many points were skipped.
  void deliver(const SharedFrame& frames) override;

  void on_open() override;
  void on_text(std::string_view text) override;
  void on_sent() override;
  void on_closed(std::uint16_t code, const std::string& reason) override;

 private:
  // live: what is broadcast goes into the queue. replaying: what was missed goes there first, a part whenever the queue
  // is empty. behind: nothing goes there until it is empty.
  enum class Stage : std::uint8_t { live, replaying, behind };

  void start();
  void replay();
  void catch_up();
  void answer(const std::string& text);

  LiveFeed& feed_;
  SessionSet& sessions_;
  const Subscription subscription_;
  const std::size_t queue_bytes_;
  const std::string peer_;
  std::shared_ptr<Connection> connection_;  // from attach to on_closed
  bool open_ = false;
  bool subscribed_ = false;
  Stage stage_ = Stage::live;
  LiveFeed::Position delivered_;  // batch: of the last frame that was queued
};

}  // namespace webmacs
