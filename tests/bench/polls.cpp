// webmacs-polls RIG.ini: polls `webmacs-sim --identify` with the agent's own device code, each line on a thread of its
// own and its devices by turns, and judges every value by what it says of itself. Events of one poll_interval are
// polled together. Does what each line on standard input says and prints one JSON object for it:
//   first       polls one group of one device of each line, once: how its lines learn of late replies
//   run COUNT   so many polls
//   settle      until every value is good again, which is measured, and 200 polls more

#include "common/log.h"
#include "hardware/modbus_device.h"
#include "hardware/simulator/identity.h"
#include "hardware/simulator/rig_file.h"

#include <chrono>
#include <iostream>
#include <map>
#include <sstream>
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

struct Group {
  std::vector<const EventSettings*> events;
  // The oldest try that may still be answered: no value may have been read in its device before.
  std::optional<Clock::time_point> first_try;
};

struct Polled {
  ModbusDevice* device = nullptr;
  std::vector<Group> groups;
  std::map<const EventSettings*, std::optional<std::uint64_t>> last;
  std::size_t next = 0;
};

constexpr auto tick = std::chrono::microseconds(100);  // what an identity tells the time in

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class LinePolls {
 public:
  LinePolls(Line line, const RigSettings& rig) : line_(std::move(line)) {
    for (const auto& device : line_.devices) {
      Polled polled;
      polled.device = static_cast<ModbusDevice*>(device.get());
      std::map<std::chrono::microseconds, Group> groups;
      for (const EventSettings& event : rig.events) {
        if (event.device == device->settings().name) groups[event.poll_interval].events.push_back(&event);
      }
      for (auto& [interval, group] : groups) polled.groups.push_back(std::move(group));
      polled_.push_back(std::move(polled));
    }
  }

  void reset() {
    tally = {};
    seconds = settled = 0;
  }

  void first() { turn(polled_[0]); }

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
    Group& group = polled.groups[polled.next++ % polled.groups.size()];
    const Clock::time_point began = Clock::now();
    const std::uint64_t before = polled.device->requests();
    const std::vector<PolledValue> values = polled.device->poll(group.events);
    const std::uint64_t requests = polled.device->requests() - before;
    if (requests == 0) return Turn::rested;  // in its backoff, or deferred: no poll
    ++tally.polls;
    // A Modbus TCP reply names its request; others may answer any try since the last that was answered.
    const bool named = polled.device->settings().transport == Transport::tcp;
    const Clock::time_point first_try = named ? began : group.first_try.value_or(began);
    group.first_try = first_try;
    bool all_good = true;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i].value) {
        const auto read = judge(polled, *group.events[i], *values[i].value, first_try);
        // This poll's own reply may still come when it was an older one, or when there were several tries.
        if (read) group.first_try = requests == 1 && *read >= began ? std::nullopt : read;
      } else if (!values[i].deferred) {
        ++tally.bad[values[i].reason];
      }
      all_good = all_good && values[i].value;
    }
    return all_good ? Turn::good : Turn::bad;
  }

  // When the value was read, if it tells.
  std::optional<Clock::time_point> judge(Polled& polled, const EventSettings& event, double value,
                                         Clock::time_point first_try) {
    const Clock::time_point now = Clock::now();
    auto mistake = identity_mistake(event.where, polled.device->settings().unit, value, polled.last[&event]);
    const auto read = read_at(event.where, value, now);
    if (!mistake && read && *read + tick < first_try) mistake = "older than its request's first try";
    if (!mistake) {
      ++tally.good;
      return read;
    }
    if (++tally.wrong <= 20) {
      std::cerr << event.event_public_id << ": " << static_cast<std::uint64_t>(value) << " is " << *mistake << '\n';
    }
    return std::nullopt;
  }

  Line line_;
  std::vector<Polled> polled_;
};

void print(const std::vector<std::unique_ptr<LinePolls>>& lines) {
  Tally sum;
  double seconds = 0;
  double slowest = 0;
  for (const auto& line : lines) {
    sum.polls += line->tally.polls;
    sum.good += line->tally.good;
    sum.wrong += line->tally.wrong;
    for (const auto& [reason, count] : line->tally.bad) sum.bad[reason] += count;
    seconds = std::max(seconds, line->seconds);
    slowest = std::max(slowest, line->settled);
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
  if (argc != 2) {
    std::cerr << "webmacs-polls RIG.ini\n";
    return 2;
  }
  set_log_level("error");
  const RigSettings rig = parse_rig_file(read_rig_file(argv[1]), argv[1]);
  std::vector<std::unique_ptr<LinePolls>> lines;
  for (Line& line : open_lines(rig)) lines.push_back(std::make_unique<LinePolls>(std::move(line), rig));

  for (std::string said; std::getline(std::cin, said);) {
    std::istringstream words(said);
    std::string word;
    std::uint64_t count = 0;
    words >> word >> count;
    for (auto& line : lines) line->reset();
    if (word == "first") {
      on_threads(lines, [](LinePolls& line) { line.first(); });
    } else if (word == "run") {
      on_threads(lines, [&](LinePolls& line) { line.run(count / lines.size()); });
    } else if (word == "settle") {
      on_threads(lines, [](LinePolls& line) {
        line.settled = line.settle(60);
        line.tally.bad.clear();
        line.run(line.tally.polls + 200);
      });
    } else {
      std::cerr << "webmacs-polls: what is '" << said << "'?\n";
      return 2;
    }
    print(lines);
  }
  return 0;
}
