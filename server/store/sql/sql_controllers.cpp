#include "server/store/sql/sql_controllers.h"

#include "common/timestamp.h"

#include <string>
#include <unordered_map>
#include <utility>

namespace webmacs {

std::vector<ControllerRecord> SqlControllers::all() {
  std::vector<ControllerRecord> controllers;
  std::unordered_map<std::string, std::size_t> index;
  session_.query("SELECT name, last_seen, agent, version, backlog, dropped FROM controllers ORDER BY name", {},
                 [&](const SqlRow& row) {
                   ControllerRecord controller{row.text(0), from_microseconds(row.integer(1)), std::nullopt};
                   if (!row.is_null(2)) {
                     controller.status = StatusFrame{row.text(2), row.text(3), row.integer(4), row.integer(5), {}, {}};
                   }
                   index[controller.name] = controllers.size();
                   controllers.push_back(std::move(controller));
                 });
  session_.query(
      "SELECT controller, name, online, error FROM controller_devices ORDER BY controller, position", {},
      [&](const SqlRow& row) {
        const auto found = index.find(row.text(0));
        if (found == index.end() || !controllers[found->second].status) return;
        controllers[found->second].status->devices.push_back({row.text(1), row.integer(2) != 0, row.text(3)});
      });
  return controllers;
}

void SqlControllers::save(const ControllerRecord& controller) {
  const StatusFrame* status = controller.status ? &*controller.status : nullptr;
  const auto member = [&](auto value) { return status ? SqlValue(status->*value) : SqlValue(nullptr); };
  session_.run(
      "INSERT INTO controllers (name, last_seen, agent, version, backlog, dropped) VALUES ($1, $2, $3, $4, $5, $6) "
      "ON CONFLICT (name) DO UPDATE SET last_seen = $2, agent = $3, version = $4, backlog = $5, dropped = $6",
      {controller.name, to_microseconds(controller.last_seen), member(&StatusFrame::agent),
       member(&StatusFrame::version), member(&StatusFrame::backlog), member(&StatusFrame::dropped)});
  save_devices(controller);
}

// Every few seconds, mostly as they were: only what differs is written.
void SqlControllers::save_devices(const ControllerRecord& controller) {
  std::int64_t position = 0;
  if (controller.status) {
    for (const DeviceStatus& device : controller.status->devices) {
      session_.run(
          "INSERT INTO controller_devices (controller, position, name, online, error) VALUES ($1, $2, $3, $4, $5) "
          "ON CONFLICT (controller, position) DO UPDATE SET name = $3, online = $4, error = $5 "
          "WHERE controller_devices.name <> $3 OR controller_devices.online <> $4 OR controller_devices.error <> $5",
          {controller.name, position++, device.name, device.online ? 1 : 0, device.error});
    }
  }
  session_.run("DELETE FROM controller_devices WHERE controller = $1 AND position >= $2", {controller.name, position});
}

}  // namespace webmacs
