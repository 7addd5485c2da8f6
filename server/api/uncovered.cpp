#include "server/api/uncovered.h"

#include "common/timestamp.h"
#include "server/ingest/ingest.h"
#include "server/store/store_readers.h"

#include <memory>
#include <utility>

namespace webmacs {
namespace {

constexpr std::chrono::milliseconds longest_count{1000};

// The object of `made`, or an empty one, with two members more.
HttpResponse with_members(HttpResponse made, const UncoveredCount& count, Timestamp until) {
  std::string members = std::string(count.complete ? R"("uncovered":)" : R"("uncovered_at_least":)") +
                        std::to_string(count.datapoints) + R"(,"until":")" + format_timestamp(until) + R"("})";
  if (made.body.size() > 2 && made.body.back() == '}') {
    made.body.back() = ',';
    made.body += members;
    return made;
  }
  return json_response('{' + members);
}

}  // namespace

void answer_with_uncovered(const RestServices& services, const RestCallPtr& call, HttpResponse made,
                           std::vector<LostCover> lost, Timestamp newest) {
  const RetentionRules rules = services.ingest.housekeeping().rules();
  if (lost.empty() || rules.none()) return call->answer(std::move(made));
  const auto answer = [call, until = newest + rules.grace](HttpResponse response, const UncoveredCount& count) {
    if (count.complete && count.datapoints == 0) return call->answer(std::move(response));
    call->answer(with_members(std::move(response), count, until));
  };
  static constexpr UncoveredCount not_counted{0, false};
  const auto kept = std::make_shared<HttpResponse>(std::move(made));
  const bool taken = services.readers.try_read<UncoveredCount>(
      [lost = std::move(lost)](Store* store) {
        if (store == nullptr) return not_counted;
        try {
          return store->count_uncovered(lost, longest_count);
        } catch (const StoreError&) {
          return not_counted;  // the change is stored all the same
        } catch (const ReadDropped&) {
          return not_counted;
        }
      },
      [kept, answer](const UncoveredCount& count) { answer(std::move(*kept), count); }, read_owner(*call));
  if (!taken) answer(std::move(*kept), not_counted);
}

}  // namespace webmacs
