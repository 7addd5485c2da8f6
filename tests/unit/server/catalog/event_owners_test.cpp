#include "server/catalog/event_catalog.h"

#include <doctest/doctest.h>

using namespace webmacs;

namespace {

EventRecord event(const std::string& id, const std::string& controller, const std::string& name = "") {
  EventRecord record;
  record.controller = controller;
  record.description.event_public_id = id;
  record.description.name = name;
  return record;
}

}  // namespace

TEST_CASE("whoever pushes an event first owns it, and it is called by its id until somebody names it") {
  EventCatalog catalog;
  catalog.load({event("evt_hand", "", "By hand")});
  catalog.pushed("evt_new", "rig1");
  catalog.pushed("evt_new", "rig2");
  catalog.pushed("evt_hand", "rig2");
  CHECK(catalog.all().at("evt_new").controller == "rig1");
  CHECK(catalog.all().at("evt_new").description.name == "evt_new");
  CHECK(catalog.all().at("evt_hand").controller == "rig2");
  CHECK(catalog.all().at("evt_hand").description.name == "By hand");
}

TEST_CASE("an event that nobody named is called the same after the hub was started again") {
  EventCatalog before, after;
  before.pushed("evt_a", "rig1");
  after.load({event("evt_a", "rig1")});
  CHECK(after.all().at("evt_a").description.name == before.all().at("evt_a").description.name);
}

TEST_CASE("descriptions that the store refused are left out") {
  EventCatalog catalog;
  catalog.load({event("evt_theirs", "rig2", "Theirs")});
  EventDescription ours, theirs;
  ours.event_public_id = "evt_ours";
  ours.name = "Ours";
  theirs.event_public_id = "evt_theirs";
  theirs.name = "Mine?";
  catalog.described("rig1", {theirs, ours}, {{0, "rig2"}});
  CHECK(catalog.all().at("evt_theirs").controller == "rig2");
  CHECK(catalog.all().at("evt_theirs").description.name == "Theirs");
  CHECK(catalog.all().at("evt_ours").controller == "rig1");
  CHECK(catalog.all().at("evt_ours").described);
}

TEST_CASE("an event that a person freed belongs to the next one that pushes it") {
  EventCatalog catalog;
  catalog.pushed("evt_a", "rig1");
  catalog.put(event("evt_a", "", "Freed"));
  CHECK(catalog.all().at("evt_a").controller.empty());
  catalog.pushed("evt_a", "rig2");
  CHECK(catalog.all().at("evt_a").controller == "rig2");
  CHECK(catalog.all().at("evt_a").description.name == "Freed");
}

TEST_CASE("an event that was removed comes back with its next reading") {
  EventCatalog catalog;
  catalog.pushed("evt_a", "rig1");
  catalog.remove("evt_a");
  catalog.remove("evt_none");
  CHECK(catalog.all().empty());
  catalog.pushed("evt_a", "rig2");
  CHECK(catalog.all().at("evt_a").controller == "rig2");
}
