#include "common/program.h"

#include "common/ini.h"
#include "common/log.h"

#include <iostream>

namespace webmacs {

int run_program(const std::function<int()>& body) {
  try {
    return body();
  } catch (const ConfigurationError& error) {
    for (const std::string& mistake : error.mistakes()) std::cerr << mistake << '\n';
    return exit_configuration;
  } catch (const std::exception& error) {
    log_error("{}", error.what());
    return exit_failure;
  }
}

}  // namespace webmacs
