#include <CLI/CLI.hpp>

#include "control/cli/commands.h"
#include "control/cli/demo.h"
#include "control/service/service.h"

namespace lockstep::cli {
namespace {

void add_run(CLI::App& app, int& result) {
  CLI::App* const command = app.add_subcommand(
      "run", "Run the service until SIGTERM or SIGINT; SIGHUP reads certificates and services again");
  const auto options = std::make_shared<service::RunOptions>();
  command->add_option("-c,--config", options->config_path, "Configuration file (see deploy/lockstep.example.toml)")
      ->required();
  command->callback([options, &result] { result = service::run(*options); });
}

void add_check(CLI::App& app, int& result) {
  CLI::App* const command = app.add_subcommand(
      "check", "Validate a configuration with all files it names; exit status 0 when it is good, else 1");
  const auto options = std::make_shared<CheckOptions>();
  command->add_option("file", options->path, "Configuration file")->required();
  CLI::Option* const explain =
      command->add_flag("--explain", options->explain, "Print what is effective for each service, policy included");
  command->add_flag("--json", options->json, "Print it as JSON")->needs(explain);
  command->callback([options, &result] { result = check(*options); });
}

void add_demo(CLI::App& app, int& result) {
  CLI::App* const command =
      app.add_subcommand("demo", "Make a demo folder with certificates and a configuration, and run it if asked to");
  const auto options = std::make_shared<DemoOptions>();
  command->add_option("-d,--directory", options->directory, "Folder to make or bring up to date")
      ->capture_default_str();
  command->add_option("--device", options->device, "Port: a DPDK device")->capture_default_str();
  command->add_option("--address", options->address, "The port's address with prefix")->capture_default_str();
  command->add_option("--kernel-address", options->kernel_address, "Address of the kernel's end of a TAP")
      ->capture_default_str();
  command->add_option("--backend", options->backend, "Also forward from port 8443 to this ADDRESS:PORT over plain TCP");
  command->add_flag("--run", options->run, "Start it, with a line of statistics each second, until Ctrl-C");
  command->callback([options, &result] { result = demo(*options); });
}

void add_doctor(CLI::App& app, int& result) {
  CLI::App* const command =
      app.add_subcommand("doctor", "Look at this machine: what works, what does not, and the remedy for each");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print JSON");
  command->callback([json, &result] { result = doctor(*json); });
}

/// A command that asks the running service.
void ask_service(CLI::App& command, int& result, int (*ask)(const ServiceOptions&)) {
  const auto options = std::make_shared<ServiceOptions>();
  command.add_option("-s,--socket", options->socket,
                     "UNIX socket of the service (default: /run/lockstep/lockstep.sock)");
  command.add_option("-c,--config", options->config_path, "Take the socket from this configuration");
  command.add_flag("--json", options->json, "Print JSON");
  command.callback([options, &result, ask] { result = ask(*options); });
}

void add_status(CLI::App& app, int& result) {
  ask_service(*app.add_subcommand("status", "Show the state of the running service"), result, status);
}

void add_sessions(CLI::App& app, int& result) {
  ask_service(
      *app.add_subcommand("sessions", "Show how often clients resume sessions, by worker, and why they could not"),
      result, sessions);
}

void add_made_ahead(CLI::App& app, int& result) {
  CLI::App* const command =
      app.add_subcommand("made-ahead", "Key pairs and ECDSA nonce pairs that the running service has made ahead");
  command->require_subcommand(1);
  ask_service(*command->add_subcommand("drop",
                                       "Throw them away on all workers and crypto cores, and return when it is done; "
                                       "they are made again as they are needed"),
              result, drop_made_ahead);
}

void add_ticket_files(CLI::App& ticket, int& result) {
  const auto options = std::make_shared<TicketFileOptions>();
  const auto add_config = [&](CLI::App& command) {
    command.add_option("-c,--config", options->config_path, "Configuration with source = \"fleet\" in [tickets]")
        ->required();
  };
  CLI::App* const out = ticket.add_subcommand(
      "export", "Write the fleet's present state, for another machine to join with; it is a secret");
  add_config(*out);
  out->add_option("-o,--output", options->file, "File to make, readable for its owner only (default: standard output)");
  out->callback([options, &result] { result = export_tickets(*options); });
  CLI::App* const in =
      ticket.add_subcommand("import", "Join a fleet: take over the state that another machine exported");
  add_config(*in);
  in->add_option("file", options->file, "The export (default: standard input)");
  in->add_flag("--new", options->begin, "Begin a fleet with a new secret, in place of joining one");
  in->add_flag("--json", options->json, "Print JSON");
  in->callback([options, &result] { result = import_tickets(*options); });
}

void add_ticket(CLI::App& app, int& result) {
  CLI::App* const command = app.add_subcommand("ticket", "The keys that seal session tickets");
  command->require_subcommand(1);
  ask_service(*command->add_subcommand("show", "Show them: names, which one seals, until when each is accepted"),
              result, show_tickets);
  ask_service(*command->add_subcommand("rotate", "Have the next key seal at once (source = \"random\")"), result,
              rotate_tickets);
  add_ticket_files(*command, result);
}

void add_cert(CLI::App& app, int& result) {
  CLI::App* const command = app.add_subcommand("cert", "Certificates: of the running service, or in a file");
  command->require_subcommand(1);
  ask_service(*command->add_subcommand("list", "Show the running service's certificates, soonest to expire first"),
              result, cert_list);
  ask_service(*command->add_subcommand(
                  "reload",
                  "Have the running service read configuration and certificates again, as SIGHUP does, and say "
                  "what changed or why nothing did"),
              result, cert_reload);
  CLI::App* const check = command->add_subcommand("check", "Look at a certificate's file as a service would");
  const auto options = std::make_shared<CertCheckOptions>();
  check->add_option("file", options->chain, "PEM file with the chain, and the key unless --key names it")->required();
  check->add_option("--key", options->key, "PEM file with the private key");
  check->add_option("--passphrase-command", options->passphrase_command,
                    "Path of a program that writes the key's passphrase");
  check->add_flag("--json", options->json, "Print JSON");
  check->callback([options, &result] { result = cert_check(*options); });
}

}  // namespace

int main(int argc, char** argv) {
  int result = 0;
  CLI::App app(
      "Lockstep terminates TLS for other servers, past the kernel: its own TCP and TLS on DPDK ports, thousands of "
      "handshakes and records in lockstep.",
      "lockstep");
  app.set_version_flag("--version", "lockstep " LOCKSTEP_VERSION);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);
  add_run(app, result);
  add_check(app, result);
  add_demo(app, result);
  add_doctor(app, result);
  add_status(app, result);
  add_sessions(app, result);
  add_made_ahead(app, result);
  add_ticket(app, result);
  add_cert(app, result);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return result;
}

}  // namespace lockstep::cli
