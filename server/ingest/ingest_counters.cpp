#include "server/ingest/ingest_counters.h"

namespace webmacs {

void IngestCounters::count(const std::vector<AppendResult>& results) {
  for (const AppendResult& result : results) {
    switch (result.outcome) {
      case Outcome::stored:
        ++stored;
        break;
      case Outcome::duplicate:
        ++duplicates;
        break;
      case Outcome::conflict:
        ++conflicts;
        break;
      case Outcome::foreign_event:
        ++foreign;
        break;
      case Outcome::damaged:
        ++damaged;
        break;
    }
  }
}

}  // namespace webmacs
