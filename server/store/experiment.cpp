#include "server/store/experiment.h"

#include <algorithm>

namespace webmacs {

bool ExperimentRecord::covers(const std::string& controller) const {
  return !controllers || std::find(controllers->begin(), controllers->end(), controller) != controllers->end();
}

}  // namespace webmacs
