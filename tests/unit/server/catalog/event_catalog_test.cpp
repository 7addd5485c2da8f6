#include "server/catalog/event_catalog.h"

#include <doctest/doctest.h>

namespace webmacs {
namespace {

std::vector<EventDescription> described_as(const std::vector<std::string>& ids) {
  std::vector<EventDescription> events;
  for (const std::string& id : ids) {
    EventDescription event;
    event.event_public_id = id;
    events.push_back(event);
  }
  return events;
}

EventRecord stored(std::int64_t key, const std::string& id) {
  EventRecord event;
  event.key = key;
  event.controller = "rig1";
  event.description.event_public_id = id;
  return event;
}

std::vector<std::string> listed(const EventCatalog& catalog) {
  std::vector<std::string> ids;
  for (const EventRecord* event : catalog.listed()) ids.push_back(event->description.event_public_id);
  return ids;
}

using Ids = std::vector<std::string>;

TEST_SUITE("event catalog") {
  TEST_CASE("events stand in the order of their rig file, whatever they are called") {
    EventCatalog catalog;
    catalog.described("rig1", described_as({"temperature", "air", "pressure"}), {});
    catalog.described("rig1", described_as({"feeder"}), {});  // a further frame of the same file
    CHECK(listed(catalog) == Ids{"temperature", "air", "pressure", "feeder"});
  }

  TEST_CASE("a rig file that was sorted anew changes the order, one that was only read again does not") {
    EventCatalog catalog;
    catalog.described("rig1", described_as({"a", "b", "c"}), {});
    catalog.described("rig2", described_as({"z"}), {});
    catalog.described("rig1", described_as({"a", "b", "c"}), {});
    CHECK(listed(catalog) == Ids{"a", "b", "c", "z"});
    catalog.described("rig1", described_as({"c", "a", "b"}), {});
    CHECK(listed(catalog) == Ids{"z", "c", "a", "b"});
  }

  TEST_CASE("after a restart they stand as they became known, and no change of one moves the others") {
    EventCatalog catalog;
    catalog.load({stored(2, "air"), stored(1, "temperature")});
    CHECK(listed(catalog) == Ids{"temperature", "air"});
    catalog.described("rig1", described_as({"air", "temperature"}), {});
    catalog.load({stored(2, "air"), stored(7, "by_hand"), stored(1, "temperature")});
    CHECK(listed(catalog) == Ids{"air", "temperature", "by_hand"});
    catalog.load({stored(2, "air")});
    CHECK(listed(catalog) == Ids{"air"});
  }

  TEST_CASE("what is pushed without a description is listed, too, and what another rig owns is not taken") {
    EventCatalog catalog;
    catalog.pushed("odd", "rig9");
    catalog.described("rig1", described_as({"odd", "air"}), {{0, "rig9"}});
    CHECK(listed(catalog) == Ids{"odd", "air"});
    CHECK(catalog.all().at("odd").controller == "rig9");
  }
}

}  // namespace
}  // namespace webmacs
