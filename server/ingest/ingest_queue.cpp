#include "server/ingest/ingest_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace webmacs {

IngestItem IngestItem::readings_of(IncomingBatch batch, bool backlog, bool may_be_refused, Ingest::Stored stored) {
  IngestItem item;
  item.batch = std::move(batch);
  item.backlog = backlog;
  item.may_be_refused = may_be_refused;
  item.stored = std::move(stored);
  return item;
}

IngestItem IngestItem::descriptions(std::string controller, std::vector<EventDescription> events,
                                    Ingest::Described described) {
  IngestItem item;
  item.batch.controller = std::move(controller);
  item.is_description = true;
  item.events = std::move(events);
  item.described = std::move(described);
  return item;
}

IngestItem IngestItem::write(std::function<void(Store&)> work, Ingest::Written written) {
  IngestItem item;
  item.may_be_refused = true;
  item.work = std::move(work);
  item.written = std::move(written);
  return item;
}

std::size_t IngestItem::weight() const {
  return std::max<std::size_t>(1, batch.readings.size() + events.size());
}

bool IngestQueue::try_push(IngestItem& item) {
  const std::size_t weight = item.weight();
  if (weight_ > 0 && weight_ + weight > bound_) return false;
  weight_ += weight;
  readings_ += item.batch.readings.size();
  items_.push_back(std::move(item));
  return true;
}

std::vector<IngestItem> IngestQueue::take(std::size_t readings) {
  std::vector<IngestItem> taken;
  std::size_t held = 0;
  while (!items_.empty() && (taken.empty() || held < readings)) {
    // The order of the queue is the order of the commits.
    const bool alone = items_.front().alone();
    if (alone && !taken.empty()) break;
    held += items_.front().batch.readings.size();
    taken.push_back(std::move(items_.front()));
    items_.pop_front();
    if (alone) break;
  }
  return taken;
}

void IngestQueue::settle(const std::vector<IngestItem>& items) {
  for (const IngestItem& item : items) {
    weight_ -= item.weight();
    readings_ -= item.batch.readings.size();
  }
}

void IngestQueue::put_back(std::vector<IngestItem> items) {
  items_.insert(items_.begin(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
}

std::vector<IngestItem> IngestQueue::take_refusable() {
  std::vector<IngestItem> refused;
  std::deque<IngestItem> kept;
  for (IngestItem& item : items_) {
    if (item.may_be_refused) {
      refused.push_back(std::move(item));
    } else {
      kept.push_back(std::move(item));
    }
  }
  items_.swap(kept);
  settle(refused);
  return refused;
}

}  // namespace webmacs
