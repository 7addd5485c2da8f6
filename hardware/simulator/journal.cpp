#include "hardware/simulator/journal.h"

#include "common/messages.h"
#include "common/timestamp.h"

#include <cerrno>
#include <system_error>

namespace webmacs {

Journal::Journal(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "ae")) {
  if (!file_) throw std::system_error(errno, std::generic_category(), path);
}

void Journal::write(Timestamp time, const std::vector<SimulatedUnit::Served>& served) {
  if (served.empty()) return;
  lines_.clear();
  const std::string stamp = std::to_string(to_microseconds(time));
  for (const SimulatedUnit::Served& value : served) {
    lines_ += stamp;
    lines_ += ' ';
    lines_ += *value.event_public_id;
    lines_ += ' ';
    append_number(lines_, value.value);
    lines_ += '\n';
  }
  const bool written = std::fwrite(lines_.data(), 1, lines_.size(), file_.get()) == lines_.size();
  if (!written || std::fflush(file_.get()) != 0) throw std::system_error(errno, std::generic_category(), path_);
}

}  // namespace webmacs
