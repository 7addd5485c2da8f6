#include "server/stream/connection_manager.h"

#include <doctest/doctest.h>

#include <vector>

using namespace webmacs;

namespace {

struct Listener : Subscriber {
  std::vector<std::string> heard;
  void deliver(const SharedFrame& frames) override { heard.push_back(*frames); }
};

SharedFrame frame(const std::string& text) {
  return std::make_shared<const std::string>(text);
}

}  // namespace

TEST_CASE("a broadcast reaches all of its topic and nobody else") {
  ConnectionManager manager;
  const auto a = std::make_shared<Listener>(), b = std::make_shared<Listener>(), other = std::make_shared<Listener>();
  manager.connect("t", a);
  manager.connect("t", b);
  manager.connect("u", other);
  manager.broadcast("t", frame("x"));
  CHECK(a->heard == std::vector<std::string>{"x"});
  CHECK(b->heard == std::vector<std::string>{"x"});
  CHECK(other->heard.empty());
}

TEST_CASE("connecting twice is being connected once") {
  ConnectionManager manager;
  const auto a = std::make_shared<Listener>();
  manager.connect("t", a);
  manager.connect("t", a);
  manager.broadcast("t", frame("x"));
  CHECK(a->heard.size() == 1);
}

TEST_CASE("who left hears nothing more, and an empty topic is gone") {
  ConnectionManager manager;
  const auto a = std::make_shared<Listener>();
  manager.connect("t", a);
  CHECK(manager.has_subscribers("t"));
  manager.disconnect("t", a);
  CHECK_FALSE(manager.has_subscribers("t"));
  manager.disconnect("t", a);
  manager.broadcast("t", frame("x"));
  CHECK(a->heard.empty());
  CHECK(a.use_count() == 1);
}
