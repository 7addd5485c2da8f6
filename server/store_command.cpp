#include "server/store_command.h"

#include "common/json_text.h"
#include "common/program.h"
#include "common/timestamp.h"
#include "server/open_store.h"
#include "server/store/growth.h"
#include "server/store/store.h"
#include "server/store/store_url.h"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <variant>

namespace webmacs {
namespace {

constexpr double mebi = 1024.0 * 1024.0;

struct Figures {
  StoreRoom room;
  StoreContent content;
  std::optional<double> days_until_full;

  double bytes_per_datapoint() const {
    return static_cast<double>(room.record) / static_cast<double>(content.datapoints);
  }
};

Json time_or_null(const std::optional<Timestamp>& time) {
  return time ? Json(format_timestamp(*time)) : Json();
}

void print_json(const Figures& figures) {
  Json body;
  body["datapoints"] = figures.content.datapoints;
  body["bytes"] = figures.room.bytes;
  body["bytes_per_datapoint"] = nullptr;
  if (figures.content.datapoints > 0) body["bytes_per_datapoint"] = figures.bytes_per_datapoint();
  body["sealed_datapoints"] = 0;
  body["oldest"] = time_or_null(figures.content.oldest);
  body["newest"] = time_or_null(figures.content.newest);
  body["days_until_full"] = nullptr;
  if (figures.days_until_full) body["days_until_full"] = *figures.days_until_full;
  std::cout << json_text(body) << std::endl;
}

void print_lines(const Figures& figures) {
  const auto time = [](const std::optional<Timestamp>& each) { return each ? format_timestamp(*each) : "-"; };
  std::cout << fmt::format("datapoints       {}\nsize             {:.1f} MiB", figures.content.datapoints,
                           static_cast<double>(figures.room.bytes) / mebi);
  if (figures.content.datapoints > 0) std::cout << fmt::format(", {:.1f} bytes each", figures.bytes_per_datapoint());
  std::cout << fmt::format("\noldest           {}\nnewest           {}\n", time(figures.content.oldest),
                           time(figures.content.newest));
  if (figures.room.left) {
    std::cout << fmt::format("room on the disk {:.1f} MiB\n", static_cast<double>(*figures.room.left) / mebi);
  }
  std::cout << "days until full  "
            << (figures.days_until_full ? fmt::format("{:.1f}", *figures.days_until_full)
                                        : "- (the record does not grow, or was not watched for long enough)")
            << '\n';
  const std::string warning = disk_warning(figures.room, figures.days_until_full);
  if (!warning.empty()) std::cout << "warning: " << warning << '\n';
  std::cout.flush();
}

}  // namespace

int show_store(const ServerSettings& settings, bool json) {
  const StoreUrl url = parse_store_url(settings.start.store_url);
  if (const auto* sqlite = std::get_if<SqliteUrl>(&url)) {
    std::error_code error;
    const auto status = std::filesystem::status(sqlite->path, error);
    if (status.type() == std::filesystem::file_type::not_found) {
      std::cerr << sqlite->path << ": there is no store yet; the hub makes it when it starts\n";
      return exit_failure;
    }
  }
  const auto store = open_store(settings.start.store_url, settings.start.store_password_file);
  Figures figures;
  figures.room = store->room();
  figures.days_until_full = days_until_full(store->sizes(), utc_now(), figures.room, settings.live.store_max_size);
  figures.content = store->content();
  json ? print_json(figures) : print_lines(figures);
  return exit_ok;
}

}  // namespace webmacs
