// Events: agents describe theirs, people may make and change the others.

#include "common/message_json.h"
#include "server/api/list_page.h"
#include "server/api/rest_json.h"
#include "server/api/rest_routes.h"
#include "server/catalog/event_catalog.h"

#include <optional>
#include <utility>

namespace webmacs {
namespace {

HttpResponse event_response(const EventRecord& event, unsigned status = 200) {
  return json_response(json_text(owned_event_json(event.description, event.controller)), status);
}

constexpr const char* no_event = "there is no such event";

EventRecord find_event(Store& store, const std::string& id) {
  if (auto event = store.event(id)) return std::move(*event);
  throw RestProblem(404, no_event);
}

bool same_description(const EventRecord& a, const EventRecord& b) {
  return event_json(a.description) == event_json(b.description);
}

// Does the work on the store's event of this id; then the catalog of the network thread has it as the store does.
void write_event(const RestServices& services, const RestCallPtr& call, const std::string& id,
                 std::function<HttpResponse(Store&)> work) {
  const auto event = std::make_shared<std::optional<EventRecord>>();
  answer_after_write(
      services, call,
      [work = std::move(work), event, id](Store& store) {
        auto response = work(store);
        *event = store.event(id);
        return response;
      },
      [&services, event, id] {
        if (*event) {
          services.events.put(std::move(**event));
        } else {
          services.events.remove(id);
        }
      });
}

HttpResponse change_event(Store& store, const std::string& id, const std::string& body) {
  EventRecord event = find_event(store, id);
  const EventRecord before = event;
  apply_event(body, event);
  if (before.described && !same_description(event, before)) {
    throw RestProblem(409, "its agent describes this event: change the rig file; only controller can be changed here");
  }
  if (!store.change_event(event)) throw RestProblem(404, no_event);
  return event_response(event);
}

}  // namespace

void add_event_routes(RestRouter& router, const RestServices& services) {
  using Verb = RestRouter::Verb;
  router.add(Verb::get, "/api/v1/events", Right::read, [&services](const RestCallPtr& call) {
    const auto events = services.events.listed();
    ListPage page(call->request, events.size());
    for (std::size_t i = page.begin(); i < page.end(); ++i) {
      page.add(owned_event_json(events[i]->description, events[i]->controller));
    }
    call->answer(std::move(page).answer());
  });
  router.add(Verb::get, "/api/v1/events/{event_public_id}", Right::read, [&services](const RestCallPtr& call) {
    const auto found = services.events.all().find(call->id());
    if (found == services.events.all().end()) throw RestProblem(404, no_event);
    call->answer(event_response(found->second));
  });
  router.add(Verb::post, "/api/v1/events", Right::operate, [&services](const RestCallPtr& call) {
    EventRecord event;
    apply_event(call->request.body, event);
    if (event.description.name.empty()) event.description.name = event.description.event_public_id;
    write_event(services, call, event.description.event_public_id, [event](Store& store) {
      store.add_event(event);
      return event_response(event, 201);
    });
  });
  router.add(Verb::put, "/api/v1/events/{event_public_id}", Right::operate, [&services](const RestCallPtr& call) {
    write_event(services, call, call->id(),
                [id = call->id(), body = call->request.body](Store& store) { return change_event(store, id, body); });
  });
  router.add(Verb::delete_, "/api/v1/events/{event_public_id}", Right::operate, [&services](const RestCallPtr& call) {
    write_event(services, call, call->id(), [id = call->id()](Store& store) {
      if (!store.remove_event(id)) throw RestProblem(404, no_event);
      return json_response("", 204);
    });
  });
}

}  // namespace webmacs
