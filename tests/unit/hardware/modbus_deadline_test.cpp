// A deadline is the reply's, whoever was slow.
#include "hardware/modbus_line.h"
#include "scripted_peer.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <thread>
#include <unistd.h>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

// The right reply lies there at once, but the sending thread is held up.
class SlowSender : public ModbusChannel {
 public:
  ~SlowSender() override { close(); }
  int open(std::chrono::microseconds, const Interrupt&, std::string&) override {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_) == 0);
    return ends_[0];
  }
  void close() override {
    for (int& end : ends_) {
      if (end >= 0) ::close(end);
      end = -1;
    }
  }
  bool send(std::span<const TaggedRequest> requests) override {
    const auto frame = tcp_request(requests[0].request, requests[0].transaction);
    const auto reply = ScriptedPeer::right_reply({frame.begin(), frame.end()});
    REQUIRE(::write(ends_[1], reply.data(), reply.size()) == static_cast<ssize_t>(reply.size()));
    if (number_++ == 1) std::this_thread::sleep_for(600ms);
    return true;
  }
  bool has_transactions() const override { return true; }
  bool is_network() const override { return true; }
  std::chrono::microseconds gap() const override { return {}; }
  std::chrono::microseconds time_on_wire(std::size_t) const override { return {}; }

 private:
  int ends_[2] = {-1, -1};
  int number_ = 0;
};

}  // namespace

TEST_CASE("a reply that is read after its deadline is late, though this program was slow and not the device") {
  ModbusLine line(std::make_unique<SlowSender>(), {.name = "slow"});
  std::uint16_t words[1];
  const auto read = [&] { return line.read({1, RegisterKind::holding, 7, 1}, {.timeout = 500ms}, words).kind; };
  CHECK(read() == ReadOutcome::Kind::good);
  CHECK(read() == ReadOutcome::Kind::timeout);
  CHECK(read() == ReadOutcome::Kind::good);
  CHECK(line.connections() == 1);  // the late reply is known by its transaction
}
