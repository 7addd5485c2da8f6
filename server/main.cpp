// webmacs-server: the hub daemon and the commands beside it (configuration contract).

#include "common/log.h"
#include "common/program.h"
#include "common/signals.h"
#include "server/backup_command.h"
#include "server/commands.h"
#include "server/export_command.h"
#include "server/hub.h"
#include "server/secret_warnings.h"
#include "server/settings.h"
#include "server/store/store.h"
#include "server/store/store_url.h"
#include "server/store_command.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <iostream>

namespace webmacs {
namespace {

struct Arguments {
  std::string config = "/etc/webmacs/server.ini";
  std::string log_level = "info";
  std::string token_name;
  std::string token_role;
  std::string token_expires;
  std::string token_url;
  ExportArguments exported;
  std::string output;
  bool overwrite = false;
  bool json = false;
};

using Verb = std::function<int(const ServerSettings&)>;

void add_config(CLI::App& app, Arguments& arguments) {
  app.add_option("--config", arguments.config, "the server file")->capture_default_str();
}

int run_hub(const ServerSettings& settings) {
  Hub(settings).run();
  return exit_ok;
}

int check(const ServerSettings& settings) {
  std::cout << settings.file << ": right. Listens on " << settings.start.listen_host << ":"
            << settings.start.listen_port << ", store " << without_password(settings.start.store_url) << '\n';
  for (const auto& warning : secret_warnings(settings)) std::cout << "warning: " << warning << '\n';
  return exit_ok;
}

void add_token_verbs(CLI::App& app, Arguments& arguments, Verb& verb) {
  auto* token = app.add_subcommand("token", "create, list and revoke tokens")->require_subcommand(1);
  auto* create = token->add_subcommand("create", "make a token and print it, this once");
  create->add_option("--name", arguments.token_name, "unique; a controller's name")->required();
  create->add_option("--role", arguments.token_role, "controller, viewer, operator or admin")->required();
  create->add_option("--expires", arguments.token_expires, "how long it is valid, e.g. 90d; default for ever");
  auto* list = token->add_subcommand("list", "all tokens, without their texts");
  auto* revoke = token->add_subcommand("revoke", "end a token; its connections are closed within a second");
  revoke->add_option("--name,name", arguments.token_name, "the token's name")->required();
  auto* link = token->add_subcommand("link", "print a one-time code and the address that signs in with it");
  link->add_option("--name,name", arguments.token_name, "whose link it is; made with --role where it does not exist")
      ->required();
  link->add_option("--role", arguments.token_role, "viewer, operator or admin");
  link->add_option("--expires", arguments.token_expires, "of a token that is made: how long it is valid, e.g. 90d");
  link->add_option("--url", arguments.token_url, "where people reach the hub; default: where it listens");
  auto* enroll =
      token->add_subcommand("enroll", "print a one-time code for a controller's token (webmacs-agent enroll)");
  enroll->add_option("--name,name", arguments.token_name, "the controller's name")->required();
  for (auto* each : {create, list, revoke, link, enroll}) add_config(*each, arguments);
  link->callback([&] {
    verb = [&](const ServerSettings& settings) {
      become_store_owner(settings);
      return link_token(settings, arguments.token_name, arguments.token_role, arguments.token_expires,
                        arguments.token_url);
    };
  });
  enroll->callback([&] {
    verb = [&](const ServerSettings& settings) {
      become_store_owner(settings);
      return enroll_token(settings, arguments.token_name);
    };
  });
  create->callback([&] {
    verb = [&](const ServerSettings& settings) {
      become_store_owner(settings);
      return create_token(settings, arguments.token_name, arguments.token_role, arguments.token_expires);
    };
  });
  list->callback([&] {
    verb = [](const ServerSettings& settings) {
      become_store_owner(settings);
      return list_tokens(settings);
    };
  });
  revoke->callback([&] {
    verb = [&](const ServerSettings& settings) {
      become_store_owner(settings);
      return revoke_token(settings, arguments.token_name);
    };
  });
}

void add_export_verb(CLI::App& app, Arguments& arguments, Verb& verb) {
  auto& exported = arguments.exported;
  auto* command = app.add_subcommand("export", "write stored datapoints as CSV");
  command->add_option("--experiment", exported.experiment, "the experiment's public_id");
  command->add_option("--from", exported.from, "or an interval: its begin, e.g. 2025-01-15T14:00:00Z");
  command->add_option("--to", exported.to, "and its end, which is not part of it");
  command->add_option("--events", exported.events, "only these, with commas between them")->delimiter(',');
  command->add_option("--shape", exported.shape, "long: a row for each datapoint; wide: a column for each event")
      ->capture_default_str()
      ->check(CLI::IsMember({"long", "wide"}));
  command->add_option("--output", exported.output, "the file to write; default: standard output");
  add_config(*command, arguments);
  command->callback([&] { verb = [&](const ServerSettings& settings) { return export_csv(settings, exported); }; });
}

void add_backup_verb(CLI::App& app, Arguments& arguments, Verb& verb) {
  auto* backup = app.add_subcommand("backup", "copy the store into a file while the hub runs");
  backup->add_option("--output", arguments.output, "the file to make")->required();
  backup->add_flag("--overwrite", arguments.overwrite, "replace that file, once the new one is whole");
  add_config(*backup, arguments);
  backup->callback([&] {
    verb = [&](const ServerSettings& settings) {
      become_store_owner(settings);
      return back_up(settings, arguments.output, arguments.overwrite);
    };
  });
}

void add_store_verb(CLI::App& app, Arguments& arguments, Verb& verb) {
  auto* store = app.add_subcommand("store", "what the record holds, and when its disk will be full");
  store->add_flag("--json", arguments.json, "as one JSON object");
  add_config(*store, arguments);
  store->callback([&] {
    verb = [&](const ServerSettings& settings) {
      become_store_owner(settings);
      return show_store(settings, arguments.json);
    };
  });
}

int run(int argc, char** argv) {
  Arguments arguments;
  Verb verb = run_hub;
  CLI::App app("WebMACS hub: stores what agents send and streams it to browsers", "webmacs-server");
  app.set_version_flag("--version", WEBMACS_VERSION);
  app.add_option("--log-level", arguments.log_level, "debug, info, warning or error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  app.fallthrough();
  app.require_subcommand(0, 1);
  add_config(app, arguments);
  auto* run_verb = app.add_subcommand("run", "run the hub (the default)");
  auto* check_verb = app.add_subcommand("check", "validate the server file; touch nothing");
  check_verb->callback([&] { verb = check; });
  for (auto* each : {run_verb, check_verb}) add_config(*each, arguments);
  add_token_verbs(app, arguments, verb);
  add_export_verb(app, arguments, verb);
  add_backup_verb(app, arguments, verb);
  add_store_verb(app, arguments, verb);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  }
  set_log_level(arguments.log_level);
  return verb(load_server_settings(arguments.config));
}

}  // namespace
}  // namespace webmacs

int main(int argc, char** argv) {
  webmacs::block_signals();
  return webmacs::run_program([&] { return webmacs::run(argc, argv); });
}
