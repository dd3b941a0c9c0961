#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "control/api/client.h"
#include "control/certs/secret_file.h"
#include "control/cli/commands.h"
#include "control/config/parse.h"
#include "control/log/log.h"
#include "control/service/privileges.h"
#include "control/tickets/transfer.h"

namespace lockstep::cli {
namespace {

int fail(const std::string& what) {
  std::fprintf(stderr, "lockstep: %s\n", what.c_str());
  return 1;
}

constexpr const char* kNotUnderstood = "the service's answer cannot be understood; use the same version as the service";

/// [tickets] of a configuration whose other parts may be for another machine.
Result<config::Tickets, std::string> tickets_of(const std::string& path) {
  const auto text = certs::read_text_file(path);
  if (!text) return Failure{text.error()};
  config::Diagnostics diagnostics(path);
  const std::string directory = std::filesystem::absolute(path).parent_path().string();
  const config::Parsed parsed = config::parse_config(text.value(), directory, diagnostics);
  if (!diagnostics.ok()) return Failure{path + " has errors; see 'lockstep check " + path + "'"};
  return parsed.config.tickets;
}

bool write_whole(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

/// Up to 4 KiB from standard input.
class Input {
 public:
  bool read() {
    while (size_ < text_.capacity()) {
      const ssize_t n = ::read(STDIN_FILENO, text_.writable().data() + size_, text_.capacity() - size_);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return false;
      if (n == 0) return true;
      size_ += static_cast<std::size_t>(n);
    }
    return false;
  }
  std::string_view text() const { return {reinterpret_cast<const char*>(text_.expose().data()), size_}; }

 private:
  Secret<4096> text_;
  std::size_t size_ = 0;
};

using Imported = Result<std::unique_ptr<tickets::Ratchet>, std::string>;

Imported import_from(const TicketFileOptions& options, const config::Tickets& config) {
  const tickets::UnixTime now = log::unix_now();
  if (options.begin) return tickets::begin_fleet(config, now);
  if (options.file.empty() || options.file == "-") {
    Input input;
    if (!input.read()) return Failure{std::string("standard input is no ticket state; pipe an export into this")};
    return tickets::import_state(config, input.text(), now);
  }
  const auto file = certs::SecretFile::read(options.file);
  if (!file) return Failure{file.error()};
  return tickets::import_state(config, file.value().text(), now);
}

}  // namespace

int rotate_tickets(const ServiceOptions& options) {
  const std::string socket = socket_of(options);
  if (socket.empty()) return 1;
  const Result<std::string, std::string> answer = api::post(socket, "/tickets/rotate");
  if (!answer) return fail(answer.error());
  const auto document = nlohmann::json::parse(answer.value(), nullptr, false);
  if (!document.is_object() || !document.value("rotated", false)) return fail(kNotUnderstood);
  if (options.json)
    std::fputs(answer.value().c_str(), stdout);
  else
    std::printf("tickets are sealed under key %s now\n", document.value("sealing", "").c_str());
  return 0;
}

int export_tickets(const TicketFileOptions& options) {
  if (const std::string error = service::harden_process(); !error.empty()) return fail(error);
  const bool to_stdout = options.file.empty() || options.file == "-";
  if (to_stdout && isatty(STDOUT_FILENO) == 1)
    return fail(
        "a fleet's secret is not for a screen; name a file with --output, or pipe this to where it is imported");
  const auto config = tickets_of(options.config_path);
  if (!config) return fail(config.error());
  const auto state = tickets::export_state(config.value(), log::unix_now());
  if (!state) return fail(state.error());
  const tickets::StateText text(*state.value());
  if (to_stdout) return write_whole(STDOUT_FILENO, text.bytes()) ? 0 : fail("standard output cannot be written");
  const int fd = open(options.file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail("cannot make " + options.file + "; name a file that does not exist, in a folder that does");
  const bool written = write_whole(fd, text.bytes()) && fsync(fd) == 0;
  close(fd);
  return written ? 0 : fail("cannot write " + options.file + "; check the disk");
}

int import_tickets(const TicketFileOptions& options) {
  if (const std::string error = service::harden_process(); !error.empty()) return fail(error);
  const auto config = tickets_of(options.config_path);
  if (!config) return fail(config.error());
  const Imported state = import_from(options, config.value());
  if (!state) return fail(state.error());
  if (options.json)
    std::fputs(
        (nlohmann::ordered_json{{"file", config.value().secret}, {"slice", state.value()->slice()}}.dump() + "\n")
            .c_str(),
        stdout);
  else
    std::printf("%s holds the state of slice %llu; a running service takes it on SIGHUP, or with the next slice\n",
                config.value().secret.c_str(), static_cast<unsigned long long>(state.value()->slice()));
  return 0;
}

}  // namespace lockstep::cli
