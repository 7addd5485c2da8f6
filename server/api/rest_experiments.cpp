// Experiments and their annotations.

#include "common/timestamp.h"
#include "server/api/list_page.h"
#include "server/api/rest_json.h"
#include "server/api/rest_routes.h"
#include "server/catalog/experiments.h"

#include <openssl/rand.h>

#include <array>
#include <memory>
#include <utility>

namespace webmacs {
namespace {

constexpr const char* no_experiment = "there is no such experiment";
constexpr const char* changed_in_between = "it was changed in between";

ExperimentRecord find_experiment(Store& store, const std::string& id) {
  if (auto experiment = store.experiment(id)) return std::move(*experiment);
  throw RestProblem(404, no_experiment);
}

// Does the work, which returns the experiment as it now stands in the store; the network thread has it before the
// answer.
void write_experiment(const RestServices& services, const RestCallPtr& call, unsigned status,
                      std::function<ExperimentRecord(Store&)> work) {
  const auto written = std::make_shared<ExperimentRecord>();
  answer_after_write(
      services, call,
      [work = std::move(work), written, status](Store& store) {
        *written = work(store);
        return json_response(encode_experiment(*written), status);
      },
      [&services, written] { services.experiments.put(std::move(*written)); });
}

// `experiment`: as the store has it but for what is changed.
ExperimentRecord change_experiment(Store& store, ExperimentRecord experiment, const std::string& who) {
  if (!store.change_experiment(experiment, who, utc_now())) throw RestProblem(409, changed_in_between);
  return experiment;
}

ExperimentRecord stop_experiment(Store& store, const std::string& id, const std::string& who) {
  ExperimentRecord experiment = find_experiment(store, id);
  if (experiment.stopped_on) {
    throw RestProblem(409, "it was stopped already, at " + format_timestamp(*experiment.stopped_on));
  }
  experiment.stopped_on = std::max(utc_now(), experiment.started_on + std::chrono::microseconds(1));
  return change_experiment(store, std::move(experiment), who);
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
                     return json_response(encode_annotation(annotation), 201);
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
    for (std::size_t i = page.begin(); i < page.end(); ++i) page.add(encode_experiment(index->at(i)));
    call->answer(std::move(page).answer());
  });
  router.add(Verb::post, "/api/v1/experiments", Right::operate, [&services](const RestCallPtr& call) {
    ExperimentRecord experiment;
    experiment.started_on = utc_now();
    apply_experiment(call->request.body, experiment);
    experiment.public_id = random_public_id("exp_");
    write_experiment(services, call, 201, [experiment](Store& store) {
      store.add_experiment(experiment);
      return find_experiment(store, experiment.public_id);
    });
  });
  router.add(Verb::get, "/api/v1/experiments/{public_id}", Right::read, [&services](const RestCallPtr& call) {
    answer_from_store(services, call, [id = call->id()](Store& store) {
      const auto edits = store.experiment_edits(id);
      return json_response(encode_experiment(find_experiment(store, id), &edits));
    });
  });
  router.add(Verb::put, "/api/v1/experiments/{public_id}", Right::operate, [&services](const RestCallPtr& call) {
    write_experiment(services, call, 200,
                     [id = call->id(), body = call->request.body, who = call->identity.name](Store& store) {
                       ExperimentRecord experiment = find_experiment(store, id);
                       apply_experiment(body, experiment);
                       return change_experiment(store, std::move(experiment), who);
                     });
  });
  router.add(Verb::put, "/api/v1/experiments/{public_id}/stop", Right::operate, [&services](const RestCallPtr& call) {
    write_experiment(services, call, 200, [id = call->id(), who = call->identity.name](Store& store) {
      return stop_experiment(store, id, who);
    });
  });
  router.add(Verb::delete_, "/api/v1/experiments/{public_id}", Right::operate, [&services](const RestCallPtr& call) {
    answer_after_write(
        services, call,
        [id = call->id()](Store& store) {
          if (!store.remove_experiment(id)) throw RestProblem(404, no_experiment);
          return json_response("", 204);
        },
        [&services, id = call->id()] { services.experiments.remove(id); });
  });
  add_annotation_routes(router, services);
}

}  // namespace webmacs
