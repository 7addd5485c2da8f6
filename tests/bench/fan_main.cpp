#include "fan.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <exception>
#include <iostream>
#include <map>

int main(int argc, char** argv) {
  webmacs::FanOptions options;
  double seconds = 2;
  double interval = 0;
  CLI::App app{"Publishes to a WebSocket server and counts what its subscribers receive", "webmacs-fan"};
  app.add_option("--port", options.port, "of the server, on the loopback")->required();
  app.add_option("--publish", options.publish_path)->required();
  app.add_option("--subscribe", options.subscribe_path)->required();
  const std::map<std::string, webmacs::FanOptions::Form> forms{{"datapoint", webmacs::FanOptions::Form::datapoint},
                                                               {"reading", webmacs::FanOptions::Form::reading},
                                                               {"batch", webmacs::FanOptions::Form::batch}};
  app.add_option("--form", options.form)->required()->transform(CLI::CheckedTransformer(forms));
  app.add_option("--subscribers", options.subscribers)->required();
  app.add_option("--seconds", seconds);
  app.add_option("--in-flight", options.in_flight, "messages");
  app.add_flag("--by-answers", options.by_answers, "what is answered is no more in flight; counts datapoints");
  app.add_option("--frame-messages", options.frame_messages, "in each batch");
  app.add_option("--burst", options.burst, "messages each --interval");
  app.add_option("--interval", interval, "seconds");
  CLI11_PARSE(app, argc, argv);
  options.duration = std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
  options.interval = std::chrono::nanoseconds(static_cast<std::int64_t>(interval * 1e9));
  try {
    const auto figures = webmacs::fan(options);
    std::cout
        << fmt::format(
               R"({{"deliveries":{},"messages":{},"seconds":{:.4f},"payload_bytes":{:.1f},"p50_ms":{:.3f},"p99_ms":{:.3f}}})",
               figures.deliveries, figures.messages, figures.seconds, figures.payload_bytes, figures.p50_ms,
               figures.p99_ms)
        << std::endl;
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "webmacs-fan: " << error.what() << '\n';
    return 1;
  }
}
