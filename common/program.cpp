#include "common/program.h"

#include "common/ini.h"
#include "common/log.h"
#include "common/memory_limit.h"

#include <iostream>
#include <new>
#include <system_error>

namespace webmacs {

int run_program(const std::function<int()>& body) {
  report_failed_allocations();
  try {
    return body();
  } catch (const ConfigurationError& error) {
    for (const std::string& mistake : error.mistakes()) std::cerr << mistake << '\n';
    return exit_configuration;
  } catch (const std::bad_alloc&) {
    log_error("ended: out of memory: {}", memory_limit());
    return exit_failure;
  } catch (const std::system_error& error) {
    const bool no_memory =
        error.code() == std::errc::resource_unavailable_try_again || error.code() == std::errc::not_enough_memory;
    log_error("{}{}", error.what(), no_memory ? ": " + memory_limit() : "");
    return exit_failure;
  } catch (const std::exception& error) {
    log_error("{}", error.what());
    return exit_failure;
  }
}

}  // namespace webmacs
