#include "server/net/controller_saver.h"

#include <chrono>
#include <utility>

namespace webmacs {
namespace {

constexpr std::chrono::seconds save_interval{10};

}  // namespace

void ControllerSaver::save_when_due(Timestamp now) {
  const auto since_saved = now - saved_;
  if (since_saved >= save_interval || since_saved.count() < 0) save(now);
}

void ControllerSaver::save(Timestamp now) {
  auto heard = controllers_.heard_since(saved_);
  if (heard.empty()) return;
  ingest_.try_write([heard = std::move(heard)](Store& store) { store.save_controllers(heard); },
                    [this, now](const std::string& failure) {
                      if (failure.empty()) saved_ = now;
                    });
}

}  // namespace webmacs
