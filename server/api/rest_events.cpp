// Events: agents describe theirs, people may make and change the others.

#include "common/feed_messages.h"
#include "server/api/rest_json.h"
#include "server/api/rest_routes.h"
#include "server/catalog/event_catalog.h"

namespace webmacs {
namespace {

HttpResponse event_response(const EventRecord& event, unsigned status = 200) {
  return json_response(encode_event(event.description, event.controller), status);
}

EventRecord find_event(Store& store, const std::string& id) {
  for (EventRecord& event : store.events()) {
    if (event.description.event_public_id == id) return std::move(event);
  }
  throw RestProblem(404, "there is no such event");
}

bool same_description(const EventRecord& a, const EventRecord& b) {
  return encode_event(a.description, "") == encode_event(b.description, "");
}

// The work, and the catalog of the network thread brought up to date with what it did.
void change_events(const RestServices& services, const RestCallPtr& call, std::function<HttpResponse(Store&)> work) {
  const auto events = std::make_shared<std::vector<EventRecord>>();
  answer_after_write(
      services, call,
      [work = std::move(work), events](Store& store) {
        auto response = work(store);
        *events = store.events();
        return response;
      },
      [&services, events] { services.events.load(*events); });
}

HttpResponse change_event(Store& store, const std::string& id, const std::string& body) {
  EventRecord event = find_event(store, id);
  const EventRecord before = event;
  apply_event(body, event);
  if (before.described && !same_description(event, before)) {
    throw RestProblem(409, "its agent describes this event: change the rig file; only controller can be changed here");
  }
  if (!store.change_event(event)) throw RestProblem(404, "there is no such event");
  return event_response(event);
}

}  // namespace

void add_event_routes(RestRouter& router, const RestServices& services) {
  using Verb = RestRouter::Verb;
  router.add(Verb::get, "/api/v1/events", Right::read, [&services](const RestCallPtr& call) {
    std::vector<std::string> items;
    for (const EventRecord* event : services.events.listed()) {
      items.push_back(encode_event(event->description, event->controller));
    }
    call->answer(list_response(call->request, items));
  });
  router.add(Verb::get, "/api/v1/events/{event_public_id}", Right::read, [&services](const RestCallPtr& call) {
    const auto found = services.events.all().find(call->id());
    if (found == services.events.all().end()) throw RestProblem(404, "there is no such event");
    call->answer(event_response(found->second));
  });
  router.add(Verb::post, "/api/v1/events", Right::operate, [&services](const RestCallPtr& call) {
    EventRecord event;
    apply_event(call->request.body, event);
    if (event.description.name.empty()) event.description.name = event.description.event_public_id;
    change_events(services, call, [event](Store& store) {
      store.add_event(event);
      return event_response(event, 201);
    });
  });
  router.add(Verb::put, "/api/v1/events/{event_public_id}", Right::operate, [&services](const RestCallPtr& call) {
    change_events(services, call,
                  [id = call->id(), body = call->request.body](Store& store) { return change_event(store, id, body); });
  });
  router.add(Verb::delete_, "/api/v1/events/{event_public_id}", Right::operate, [&services](const RestCallPtr& call) {
    change_events(services, call, [id = call->id()](Store& store) {
      if (!store.remove_event(id)) throw RestProblem(404, "there is no such event");
      return json_response("", 204);
    });
  });
}

}  // namespace webmacs
