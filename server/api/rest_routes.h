#pragma once
// The routes by what they are about; each file of that name has its handlers. `services` outlives the router.

#include "server/api/rest_call.h"
#include "server/api/rest_router.h"

#include <string>

namespace webmacs {

void add_datapoint_routes(RestRouter& router, const RestServices& services);
void add_push_routes(RestRouter& router, const RestServices& services);
void add_event_routes(RestRouter& router, const RestServices& services);
void add_experiment_routes(RestRouter& router, const RestServices& services);
void add_export_routes(RestRouter& router, const RestServices& services);
void add_store_routes(RestRouter& router, const RestServices& services);
void add_token_routes(RestRouter& router, const RestServices& services);
void add_session_routes(RestRouter& router, const RestServices& services);
void add_status_routes(RestRouter& router, const RestServices& services);

// "exp_" or another prefix and 16 random characters of [a-z0-9].
std::string random_public_id(const std::string& prefix);

}  // namespace webmacs
