#pragma once
// What waits for the hub's database writer, in order: batches of readings and descriptions of events. Counts what it
// holds, and keeps counting what was taken for a transaction until that is settled. Network thread only.

#include "server/ingest/ingest.h"

#include <cstddef>
#include <deque>
#include <vector>

namespace webmacs {

struct IngestItem {
  IncomingBatch batch;
  bool backlog = false;
  bool may_be_refused = false;
  Ingest::Stored stored;

  std::function<void(Store&)> work;  // any other write
  Ingest::Written written;

  bool is_description = false;
  std::vector<EventDescription> events;  // of batch.controller
  Ingest::Described described;

  static IngestItem readings_of(IncomingBatch batch, bool backlog, bool may_be_refused, Ingest::Stored stored);
  static IngestItem descriptions(std::string controller, std::vector<EventDescription> events,
                                 Ingest::Described described);
  static IngestItem write(std::function<void(Store&)> work, Ingest::Written written);

  // A transaction of its own, as opposed to readings, which share one.
  bool alone() const { return is_description || work; }
  // It comes back, with nothing of it stored.
  void refuse(const std::string& failure) const {
    if (work) {
      written(failure);
    } else {
      stored({});
    }
  }
  // What it counts in the queue's bound; an empty one counts too.
  std::size_t weight() const;
};

class IngestQueue {
 public:
  explicit IngestQueue(std::size_t bound) : bound_(bound) {}

  // False, and `item` is left alone, when it does not fit. One that is larger than the bound fits when it is alone.
  bool try_push(IngestItem& item);

  // The next transaction: batches until they hold `readings`, or one item that is alone.
  std::vector<IngestItem> take(std::size_t readings);
  // Taken items leave the count when they were written …
  void settle(const std::vector<IngestItem>& items);
  // … or go back to the head in their order.
  void put_back(std::vector<IngestItem> items);
  // All that may be refused leave; the others keep their order.
  std::vector<IngestItem> take_refusable();

  bool empty() const { return items_.empty(); }            // nothing waits
  bool settled() const { return weight_ == 0; }            // nor is anything being written
  bool has_room() const { return weight_ <= bound_ / 2; }  // half, so that senders do not stop and go
  std::size_t readings() const { return readings_; }

 private:
  const std::size_t bound_;
  std::deque<IngestItem> items_;
  std::size_t weight_ = 0;    // of items_ and of what was taken and is not settled
  std::size_t readings_ = 0;  // likewise
};

}  // namespace webmacs
