// The subcommands of the program; each returns its exit status.
#pragma once

#include <string>

namespace lockstep::cli {

struct CheckOptions {
  std::string path;
  bool explain = false;  // print what is effective for each service
  bool json = false;     // as JSON; with `explain` only
};
/// `lockstep check FILE`: prints every error and warning; 0 when there is no error, else 1.
int check(const CheckOptions& options);

/// What the commands that ask the running service have in common.
struct ServiceOptions {
  std::string socket;       // empty: of `config_path`, or the default
  std::string config_path;  // may be empty
  bool json = false;
};
/// The UNIX socket that `options` mean; empty, with a message on standard error, when the file cannot be read.
std::string socket_of(const ServiceOptions& options);

/// `lockstep status`: asks the running service.
int status(const ServiceOptions& options);

/// `lockstep sessions`: how often clients of the running service resume, and what keeps them from it.
int sessions(const ServiceOptions& options);

/// `lockstep made-ahead drop`: has the running service throw away all that it made ahead; 0 when it has, else 1.
int drop_made_ahead(const ServiceOptions& options);

/// `lockstep ticket show`, and `rotate`: ask the running service; 0 when it has done it, else 1.
int show_tickets(const ServiceOptions& options);
int rotate_tickets(const ServiceOptions& options);

/// What `lockstep ticket export` and `import` are told. They work on the state file of a fleet, not on the service.
struct TicketFileOptions {
  std::string config_path;
  std::string file;    // to export to, or import from; empty or "-": standard output or input
  bool begin = false;  // import: a new secret in place of another machine's
  bool json = false;   // import
};
int export_tickets(const TicketFileOptions& options);
int import_tickets(const TicketFileOptions& options);

/// `lockstep cert list`: the running service's certificates.
int cert_list(const ServiceOptions& options);
/// `lockstep cert reload`: has the running service read its configuration and certificates again; 0 when the new ones
/// are in use, else 1.
int cert_reload(const ServiceOptions& options);

struct CertCheckOptions {
  std::string chain;
  std::string key;                 // empty: in the chain's file
  std::string passphrase_command;  // a program's path, without arguments; empty: none
  bool json = false;
};
/// `lockstep cert check FILE`: what is in a certificate's file and what is wrong with it; 0 when a service could use
/// it, else 1.
int cert_check(const CertCheckOptions& options);

/// `lockstep doctor`: looks at this machine; 1 when something keeps the service from running here.
int doctor(bool json);

/// The whole command line.
int main(int argc, char** argv);

}  // namespace lockstep::cli
