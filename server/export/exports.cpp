#include "server/export/exports.h"

#include "server/export/csv_stream.h"

#include <utility>
#include <vector>

namespace webmacs {
namespace {

std::vector<std::unique_ptr<Store>> only(std::unique_ptr<Store> store) {
  std::vector<std::unique_ptr<Store>> stores;
  stores.push_back(std::move(store));
  return stores;
}

}  // namespace

Exports::Exports(boost::asio::io_context& io, std::unique_ptr<Store> store, const Access& access)
    : access_(access), reader_(io, only(std::move(store))) {}

std::shared_ptr<void> Exports::try_take_place(const Identity& identity) {
  if (taken_->size() >= most_at_once || taken_->count(identity.hash) >= most_per_token) return nullptr;
  return {static_cast<void*>(this),
          [taken = taken_, place = taken_->insert(identity.hash)](void*) { taken->erase(place); }};
}

std::shared_ptr<BodySource> Exports::begin(Store& store, const ExportPlan& plan, const Identity& identity,
                                           std::string what, std::shared_ptr<void> place, ContentCoding coding) {
  return std::make_shared<CsvStream>(*this, store, plan, identity, std::move(what), std::move(place), coding);
}

void Exports::enforce(Timestamp now) {
  for (CsvStream* stream : std::set<CsvStream*>(streams_)) {
    if (const auto denial = access_.still_allowed(stream->identity(), now)) stream->cut(to_text(*denial));
  }
}

void Exports::cut_all() {
  for (CsvStream* stream : std::set<CsvStream*>(streams_)) stream->cut("the hub is stopping");
}

}  // namespace webmacs
