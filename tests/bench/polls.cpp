// webmacs-polls RIG.ini COUNT: polls `webmacs-sim --identify` with the agent's own device code, COUNT times, each line
// on a thread of its own and its devices by turns, and judges every value by what it says of itself. Then a line on
// standard input says that the faults are over, and it measures how long it takes until every value is good again.
// Prints one JSON object for each of the two parts, and begins anew for each further line, until standard input ends.
// Events of one poll_interval are polled together.

#include "common/log.h"
#include "hardware/modbus_device.h"
#include "hardware/simulator/identity.h"
#include "hardware/simulator/rig_file.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <thread>

using namespace webmacs;
using Clock = std::chrono::steady_clock;

namespace {

struct Tally {
  std::uint64_t polls = 0;
  std::uint64_t good = 0;
  std::uint64_t wrong = 0;
  std::map<std::string, std::uint64_t> bad;  // by reason
};

struct Polled {
  ModbusDevice* device = nullptr;
  std::vector<std::vector<const EventSettings*>> groups;
  std::map<const EventSettings*, std::optional<std::uint64_t>> last;
  std::size_t next = 0;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class LinePolls {
 public:
  LinePolls(Line line, const RigSettings& rig) : line_(std::move(line)) {
    for (const auto& device : line_.devices) {
      Polled polled;
      polled.device = static_cast<ModbusDevice*>(device.get());
      std::map<std::chrono::microseconds, std::vector<const EventSettings*>> groups;
      for (const EventSettings& event : rig.events) {
        if (event.device == device->settings().name) groups[event.poll_interval].push_back(&event);
      }
      for (auto& [interval, events] : groups) polled.groups.push_back(std::move(events));
      polled_.push_back(std::move(polled));
    }
  }

  void run(std::uint64_t count) {
    const Clock::time_point start = Clock::now();
    while (tally.polls < count) {
      bool any = false;
      for (Polled& polled : polled_) any = turn(polled) != Turn::rested || any;
      if (!any) rest();
    }
    seconds = seconds_since(start);
  }

  // Until everything was good in one round: how long that took; or `give_up`.
  double settle(double give_up) {
    const Clock::time_point start = Clock::now();
    for (;;) {
      bool all_good = true;
      for (Polled& polled : polled_) {
        for (std::size_t i = 0; i < polled.groups.size(); ++i) all_good = turn(polled) == Turn::good && all_good;
      }
      const double taken = seconds_since(start);
      if (all_good || taken >= give_up) return taken;
      rest();
    }
  }

  Tally tally;
  double seconds = 0;
  double settled = 0;

 private:
  enum class Turn { good, bad, rested };

  static void rest() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

  Turn turn(Polled& polled) {
    const auto& events = polled.groups[polled.next++ % polled.groups.size()];
    const std::uint64_t before = polled.device->requests();
    const std::vector<PolledValue> values = poll_whole(*polled.device, events);
    if (polled.device->requests() == before) return Turn::rested;  // in its backoff: no poll
    ++tally.polls;
    bool all_good = true;
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (values[i].value) {
        judge(polled, *events[i], *values[i].value);
      } else {
        ++tally.bad[values[i].reason];
        all_good = false;
      }
    }
    return all_good ? Turn::good : Turn::bad;
  }

  void judge(Polled& polled, const EventSettings& event, double value) {
    const auto mistake = identity_mistake(event.where, polled.device->settings().unit, value, polled.last[&event]);
    if (!mistake) {
      ++tally.good;
    } else if (++tally.wrong <= 20) {
      std::cerr << event.event_public_id << ": " << static_cast<std::uint64_t>(value) << " is " << *mistake << '\n';
    }
  }

  Line line_;
  std::vector<Polled> polled_;
};

void print(const std::vector<std::unique_ptr<LinePolls>>& lines, double slowest) {
  Tally sum;
  double seconds = 0;
  for (const auto& line : lines) {
    sum.polls += line->tally.polls;
    sum.good += line->tally.good;
    sum.wrong += line->tally.wrong;
    for (const auto& [reason, count] : line->tally.bad) sum.bad[reason] += count;
    seconds = std::max(seconds, line->seconds);
  }
  std::cout << "{\"polls\": " << sum.polls << ", \"good\": " << sum.good << ", \"wrong\": " << sum.wrong
            << ", \"seconds\": " << seconds << ", \"settled\": " << slowest << ", \"bad\": {";
  const char* separator = "";
  for (const auto& [reason, count] : sum.bad) {
    std::cout << separator << '"' << reason << "\": " << count;
    separator = ", ";
  }
  std::cout << "}}" << std::endl;
}

template <typename Work>
void on_threads(std::vector<std::unique_ptr<LinePolls>>& lines, Work work) {
  std::vector<std::thread> threads;
  for (auto& line : lines) threads.emplace_back([&line, &work] { work(*line); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "webmacs-polls RIG.ini COUNT\n";
    return 2;
  }
  set_log_level("error");
  const RigSettings rig = parse_rig_file(read_rig_file(argv[1]), argv[1]);
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  std::vector<std::unique_ptr<LinePolls>> lines;
  for (Line& line : open_lines(rig)) lines.push_back(std::make_unique<LinePolls>(std::move(line), rig));

  std::string line_read;
  do {
    for (auto& line : lines) line->tally = {};
    on_threads(lines, [&](LinePolls& line) { line.run(count / lines.size()); });
    print(lines, 0);

    std::getline(std::cin, line_read);
    for (auto& line : lines) line->tally = {};
    on_threads(lines, [](LinePolls& line) {
      line.settled = line.settle(30);
      line.tally.bad.clear();
      line.run(line.tally.polls + 200);
    });
    double slowest = 0;
    for (const auto& line : lines) slowest = std::max(slowest, line->settled);
    print(lines, slowest);
  } while (std::getline(std::cin, line_read));
  return 0;
}
