// Experiments and their annotations.

#include "common/timestamp.h"
#include "server/api/list_page.h"
#include "server/api/rest_json.h"
#include "server/api/rest_routes.h"
#include "server/api/uncovered.h"
#include "server/catalog/experiments.h"
#include "server/stream/live_feed.h"

#include <openssl/rand.h>

#include <array>
#include <memory>
#include <utility>

namespace webmacs {
namespace {

constexpr const char* no_experiment = "there is no such experiment";
constexpr std::size_t edits_shown = 25;  // with the experiment itself; all of them in pages
constexpr const char* changed_in_between = "it was changed in between";

ExperimentRecord find_experiment(Store& store, const std::string& id) {
  if (auto experiment = store.experiment(id)) return std::move(*experiment);
  throw RestProblem(404, no_experiment);
}

// The newest datapoint; from it on the grace of what loses its experiment counts.
Timestamp newest_datapoint(const RestServices& services) {
  return services.feed.latest().newest(utc_now()).value_or(utc_now());
}

// Has `edit` change the experiment, and the store keep it; the network thread has it before the answer.
void change_experiment(const RestServices& services, const RestCallPtr& call,
                       std::function<void(ExperimentRecord&)> edit) {
  struct Change {
    ExperimentRecord after;
    std::vector<LostCover> lost;
  };
  const auto change = std::make_shared<Change>();
  const Timestamp newest = newest_datapoint(services);
  finish_after_write(
      services, call,
      [id = call->id(), who = call->identity.name, edit = std::move(edit), change, newest](Store& store) {
        const ExperimentRecord before = find_experiment(store, id);
        change->after = before;
        edit(change->after);
        if (!store.change_experiment(change->after, who, utc_now(), newest)) throw RestProblem(409, changed_in_between);
        change->lost = lost_cover(before, &change->after);
        return json_response(json_text(experiment_json(change->after)));
      },
      [&services, call, change, newest](HttpResponse made) {
        services.experiments.put(std::move(change->after));
        answer_with_uncovered(services, call, std::move(made), std::move(change->lost), newest);
      });
}

void delete_experiment(const RestServices& services, const RestCallPtr& call) {
  const auto lost = std::make_shared<std::vector<LostCover>>();
  const Timestamp newest = newest_datapoint(services);
  finish_after_write(
      services, call,
      [id = call->id(), lost, newest](Store& store) {
        *lost = lost_cover(find_experiment(store, id), nullptr);
        store.remove_experiment(id, newest);
        return json_response("", 204);
      },
      [&services, call, lost, newest](HttpResponse made) {
        services.experiments.remove(call->id());
        answer_with_uncovered(services, call, std::move(made), std::move(*lost), newest);
      });
}

void stop_experiment(ExperimentRecord& experiment) {
  if (experiment.stopped_on) {
    throw RestProblem(409, "it was stopped already, at " + format_timestamp(*experiment.stopped_on));
  }
  experiment.stopped_on = std::max(utc_now(), experiment.started_on + std::chrono::microseconds(1));
}

void add_annotation_routes(RestRouter& router, const RestServices& services) {
  using Verb = RestRouter::Verb;
  router.add(Verb::post, "/api/v1/experiments/{public_id}/annotations", Right::operate,
             [&services](const RestCallPtr& call) {
               Annotation annotation = decode_annotation(call->request.body, utc_now());
               annotation.public_id = random_public_id("ann_");
               answer_after_write(
                   services, call,
                   [id = call->id(), annotation](Store& store) {
                     if (!store.annotate(id, annotation)) throw RestProblem(404, no_experiment);
                     return json_response(json_text(annotation_json(annotation)), 201);
                   },
                   [&services, id = call->id(), annotation] { services.experiments.annotate(id, annotation); });
             });
  router.add(Verb::delete_, "/api/v1/experiments/{public_id}/annotations/{annotation_public_id}", Right::operate,
             [&services](const RestCallPtr& call) {
               answer_after_write(
                   services, call,
                   [id = call->id(0), annotation = call->id(1)](Store& store) {
                     if (!store.remove_annotation(id, annotation))
                       throw RestProblem(404, "there is no such annotation");
                     return json_response("", 204);
                   },
                   [&services, id = call->id(0), annotation = call->id(1)] {
                     services.experiments.remove_annotation(id, annotation);
                   });
             });
}

}  // namespace

std::string random_public_id(const std::string& prefix) {
  constexpr std::string_view characters = "abcdefghijklmnopqrstuvwxyz012345";  // 32: each from five bits
  std::array<unsigned char, 16> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    throw RestProblem(500, "the system's random generator failed");
  }
  std::string id = prefix;
  for (const unsigned char byte : random) id += characters[byte % characters.size()];
  return id;
}

void add_experiment_routes(RestRouter& router, const RestServices& services) {
  using Verb = RestRouter::Verb;
  router.add(Verb::get, "/api/v1/experiments", Right::read, [&services](const RestCallPtr& call) {
    const auto index = services.experiments.index();
    ListPage page(call->request, index->size());
    for (std::size_t i = page.begin(); i < page.end(); ++i) page.add(experiment_json(index->at(i)));
    call->answer(std::move(page).answer());
  });
  router.add(Verb::post, "/api/v1/experiments", Right::operate, [&services](const RestCallPtr& call) {
    ExperimentRecord experiment;
    experiment.started_on = utc_now();
    apply_experiment(call->request.body, experiment);
    experiment.public_id = random_public_id("exp_");
    const auto added = std::make_shared<ExperimentRecord>();
    answer_after_write(
        services, call,
        [experiment, added](Store& store) {
          store.add_experiment(experiment);
          *added = find_experiment(store, experiment.public_id);
          return json_response(json_text(experiment_json(*added)), 201);
        },
        [&services, added] { services.experiments.put(std::move(*added)); });
  });
  router.add(Verb::get, "/api/v1/experiments/{public_id}", Right::read, [&services](const RestCallPtr& call) {
    answer_from_store(services, call, [id = call->id()](Store& store) {
      const auto edits = store.experiment_edits(id, 0, edits_shown);
      return json_response(json_text(experiment_json(find_experiment(store, id), &edits)));
    });
  });
  router.add(Verb::get, "/api/v1/experiments/{public_id}/edits", Right::read, [&services](const RestCallPtr& call) {
    if (services.experiments.find(call->id()) == nullptr) throw RestProblem(404, no_experiment);
    answer_from_store(services, call, [call](Store& store) {
      ListPage page(call->request, store.experiment_edits(call->id(), 0, 0).total);
      const auto found = store.experiment_edits(call->id(), page.begin(), page.end() - page.begin());
      for (const ExperimentEdit& edit : found.edits) page.add(edit_json(edit));
      return std::move(page).answer();
    });
  });
  router.add(Verb::put, "/api/v1/experiments/{public_id}", Right::operate, [&services](const RestCallPtr& call) {
    change_experiment(services, call, [body = call->request.body](ExperimentRecord& experiment) {
      apply_experiment(body, experiment);
    });
  });
  router.add(Verb::put, "/api/v1/experiments/{public_id}/stop", Right::operate,
             [&services](const RestCallPtr& call) { change_experiment(services, call, stop_experiment); });
  router.add(Verb::delete_, "/api/v1/experiments/{public_id}", Right::operate,
             [&services](const RestCallPtr& call) { delete_experiment(services, call); });
  add_annotation_routes(router, services);
}

}  // namespace webmacs
