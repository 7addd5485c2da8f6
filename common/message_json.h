#pragma once
// JSON that is written rarely: descriptions, states, lists. What goes out for each reading is written piece by piece
// in messages.cpp. Private to the encoders of messages.h, feed_messages.h and REST. Pure functions, any thread.

#include "common/feed_messages.h"
#include "common/json_text.h"

#include <optional>
#include <string>
#include <string_view>

namespace webmacs {

// A whole number is written without a fraction ("2", as append_number does), what is not finite as null.
Json number_or_null(std::optional<double> number);
Json time_or_null(std::optional<Timestamp> time);
// A name, a unit, an error: one line of at most 200 bytes; null when there is none.
Json text_or_null(std::string_view text);

// The members of one event's description, as in the frame `events` and in GET /api/v1/events.
Json event_json(const EventDescription& event);
// The members of one device's state, as in every kind of status.
Json device_json(const DeviceStatus& device);
// One element of GET /api/v1/events: the description's members and the controller it belongs to (null: nobody yet).
Json owned_event_json(const EventDescription& event, const std::string& controller);
// One element of GET /api/v1/controllers.
Json controller_json(const ControllerState& state);

}  // namespace webmacs
