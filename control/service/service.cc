#include "control/service/service.h"

#include <poll.h>
#include <sched.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <optional>

#include "control/api/server.h"
#include "control/certs/ocsp_fetch.h"
#include "control/certs/stapler.h"
#include "control/config/load.h"
#include "control/config/validate.h"
#include "control/log/events.h"
#include "control/log/key_log.h"
#include "control/service/backends.h"
#include "control/service/certificates.h"
#include "control/service/fleet.h"
#include "control/service/live.h"
#include "control/service/privileges.h"
#include "control/service/reload_requests.h"
#include "control/service/ticket_keys.h"
#include "control/snapshot/build.h"

namespace lockstep::service {
namespace {

constexpr int kTickMs = 50;
constexpr std::size_t kEventsPerTick = 20000;

log::Level level_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::debug:
      return log::Level::debug;
    case config::LogLevel::info:
      return log::Level::info;
    case config::LogLevel::warning:
      return log::Level::warning;
    case config::LogLevel::error:
      break;
  }
  return log::Level::error;
}

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

/// Blocks the signals of the service in this and all later threads, and reads them from a descriptor.
class Signals {
 public:
  Signals() {
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    for (const int signal_number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal_number);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() {
    if (fd_ >= 0) close(fd_);
  }
  /// The next signal, waiting at most `ms`; 0 when there was none.
  int wait(int ms) const {
    pollfd ready{fd_, POLLIN, 0};
    if (poll(&ready, 1, ms) <= 0) return 0;
    signalfd_siginfo info{};
    return read(fd_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
  }

 private:
  int fd_ = -1;
};

/// Control threads stay off the cores of workers and crypto where the machine has others.
void leave_cores(const std::vector<unsigned>& busy) {
  cpu_set_t set;
  CPU_ZERO(&set);
  bool any = false;
  for (const unsigned core : config::allowed_cores()) {
    if (std::find(busy.begin(), busy.end(), core) != busy.end()) continue;
    CPU_SET(core, &set);
    any = true;
  }
  if (any) sched_setaffinity(0, sizeof set, &set);
}

class Service {
 public:
  Service(const RunOptions& options, config::Loaded loaded)
      : options_(options),
        loaded_(std::move(loaded)),
        log_(level_of(general().log_level),
             general().log_format == config::LogFormat::text ? log::Format::text : log::Format::json,
             general().log_rate),
        started_ns_(log::unix_now()) {}

  /// An empty string, or why the service cannot start.
  std::string start();
  void serve();

 private:
  const config::General& general() const { return loaded_.config.general; }
  std::string start_admin(const User& user);
  std::string drop(const User& user);
  api::Reloaded reload();
  api::Reloaded adopt(config::Loaded next);
  api::Reloaded refuse_reload(const std::string& why);
  void tell_about_roots();
  void tell_about_key_log();
  void keep_staples();
  void tell_about_staple(const certs::Fetched& fetched);
  void handle(int signal_number);
  void begin_drain();
  void tick();
  void rotate_ticket_keys();
  void write_events();
  void show_live();
  bool finished() const;
  api::View view();
  api::Actions actions();
  std::vector<api::ServiceView> service_views(const config::Config& config);

  const RunOptions options_;
  // Guards what reload changes against the admin server's threads.
  std::mutex mutex_;
  config::Loaded loaded_;
  std::uint64_t epoch_ = 0;
  std::uint64_t old_snapshots_ = 0;
  std::uint64_t reloads_refused_ = 0;
  const char* state_ = "starting";
  std::string capabilities_;  // written before the admin server starts

  log::Log log_;
  log::KeyLog key_log_;
  const std::int64_t started_ns_;
  TicketKeys ticket_keys_{log_};
  Signals signals_;
  Environment environment_;
  std::optional<snapshot::Store> store_;  // outlives the workers that point into it
  std::unique_ptr<Fleet> fleet_;
  ReloadRequests reload_requests_;
  std::unique_ptr<api::Server> server_;
  certs::Stapler stapler_{certs::fetch_ocsp};
  bool staples_changed_ = false;
  std::int64_t staples_checked_ns_ = 0;
  std::optional<std::int64_t> drain_deadline_ns_;
  bool stop_now_ = false;
  std::int64_t live_at_ns_ = 0;
  LiveTotals live_;
};

std::string Service::start() {
  if (!general().log_file.empty())
    if (const std::string error = log_.open(general().log_file); !error.empty())
      return error + "; correct \"log_file\" in [general]";
  const std::vector<unsigned> cores = config::worker_cores(general());
  log_.info("starting", {{"version", LOCKSTEP_VERSION},
                         {"config", options_.config_path},
                         {"workers", cores.size()},
                         {"crypto_cores", loaded_.config.batch.crypto_cores.size()}});
  if (!general().key_log.empty())
    if (const std::string error = key_log_.open(general().key_log); !error.empty())
      return error + "; correct \"key_log\" in [general], or remove the file";
  tell_about_key_log();
  const Result<User, std::string> user = find_user(general().user);
  if (!user) return user.error();
  if (std::string error = environment_.start(loaded_.config, cores, log_); !error.empty()) return error;
  log_.info("memory", {{"hugepages", environment_.info().hugepages}, {"explanation", environment_.info().explanation}});
  auto fleet = Fleet::create(loaded_.config, cores, log_);
  if (!fleet) return fleet.error();
  fleet_ = std::move(fleet.value());
  std::vector<unsigned> busy = cores;
  busy.insert(busy.end(), loaded_.config.batch.crypto_cores.begin(), loaded_.config.batch.crypto_cores.end());
  leave_cores(busy);
  if (std::string error = start_admin(user.value()); !error.empty()) return error;
  log_.info("memory_lock", {{"result", lock_memory()}});
  if (std::string error = drop(user.value()); !error.empty()) return error;

  // Without privileges: this is who writes a fleet's state from now on.
  if (std::string error = ticket_keys_.start(loaded_.config, std::move(loaded_.tickets), log::unix_now());
      !error.empty())
    return error;
  store_.emplace(fleet_->subscribers());
  auto first = snapshot::build(loaded_.config, loaded_.certificates, store_->next_epoch(), ticket_keys_.keys());
  epoch_ = first->epoch;
  if (std::string error = store_->publish(std::move(first)); !error.empty()) return error;
  if (std::string error = fleet_->start(); !error.empty()) return error;
  state_ = "running";
  // The view exists only now: what the handler shows must not change under it.
  if (std::string error = server_->start(api::make_handler([this] { return view(); }, actions())); !error.empty())
    return error;
  tell_about_services(log_, loaded_.config);
  tell_about_roots();
  stapler_.watch(loaded_.certificates);
  log_.info("ready", {{"socket", general().socket}, {"admin", loaded_.config.admin.http}});
  sd_notify(0, "READY=1");
  return {};
}

std::string Service::start_admin(const User& user) {
  auto server = api::Server::open(loaded_.config.admin.address, general().socket);
  if (!server) return server.error();
  server_ = std::move(server.value());
  if (user.change) server_->set_owner(user.id, user.group);
  return {};
}

std::string Service::drop(const User& user) {
  const Result<std::string, std::string> remaining = drop_privileges(user, fleet_->capabilities_needed());
  if (!remaining) return remaining.error();
  capabilities_ = remaining.value();
  log_.info("privileges", {{"capabilities", remaining.value()}, {"user", geteuid()}});
  return {};
}

api::Reloaded Service::reload() {
  sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", static_cast<long long>(monotonic_ns() / 1000));
  if (const std::string error = log_.open(general().log_file); !error.empty())
    log_.warning("log_file", {{"error", error}});
  config::Loaded next = config::load(options_.config_path, &loaded_);
  std::vector<std::string> problems;
  for (const config::Diagnostic& diagnostic : next.diagnostics.sorted()) {
    problems.push_back(next.diagnostics.render(diagnostic));
    log_.write(diagnostic.severity == config::Severity::error ? log::Level::error : log::Level::warning, "config",
               {{"message", problems.back()}});
  }
  for (const std::string& section : next.unchanged)
    log_.warning("reload_needs_restart",
                 {{"section", section},
                  {"message", "changes in this section take effect after a restart; the old values stay"}});
  api::Reloaded result = next.ok() ? adopt(std::move(next)) : refuse_reload("the configuration has errors");
  result.problems.insert(result.problems.begin(), problems.begin(), problems.end());
  sd_notify(0, "READY=1");
  return result;
}

api::Reloaded Service::adopt(config::Loaded next) {
  if (const std::string error = store_->refusal(); !error.empty()) return refuse_reload(error);
  ticket_keys_.configure(next.config, std::move(next.tickets), log::unix_now());
  auto snapshot = snapshot::build(next.config, next.certificates, store_->next_epoch(), ticket_keys_.keys());
  api::Reloaded result{true, snapshot->epoch, certificate_changes(loaded_.certificates, next.certificates), {}};
  if (const std::string error = store_->publish(std::move(snapshot)); !error.empty()) return refuse_reload(error);
  {
    const std::lock_guard lock(mutex_);
    loaded_ = std::move(next);
    epoch_ = result.epoch;
  }
  log_.info("reloaded", {{"epoch", result.epoch}, {"services", loaded_.config.services.size()}});
  for (const std::string& change : result.changes) log_.info("certificate_changed", {{"message", change}});
  warn_of_unverified_backends(log_, loaded_.config);
  tell_about_roots();
  tell_about_key_log();
  stapler_.watch(loaded_.certificates);
  staples_changed_ = false;
  return result;
}

api::Reloaded Service::refuse_reload(const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    ++reloads_refused_;
  }
  log_.error("reload_refused", {{"reason", why}, {"message", "the old configuration stays in use"}});
  return {false, epoch_, {}, {why}};
}

void Service::tell_about_key_log() {
  if (general().key_log.empty()) return;
  log_.warning("key_log", {{"file", general().key_log},
                           {"message",
                            "the secrets of all TLS connections are written to this file: whoever has it can "
                            "decrypt them; remove key_log when you are done"}});
}

void Service::tell_about_roots() {
  for (const certs::LoadedCertificate& certificate : loaded_.certificates)
    if (certificate.chain.root_left_out)
      log_.info("root_left_out", {{"certificate", certificate.name},
                                  {"file", certificate.file},
                                  {"message", "the self-signed certificate at the end of the chain is not sent"}});
}

void Service::tell_about_staple(const certs::Fetched& fetched) {
  if (fetched.staple.revoked)
    log_.error(
        "certificate_revoked",
        {{"certificate", fetched.name},
         {"message", "the OCSP responder says that this certificate is revoked: clients may refuse it; replace it"}});
  else if (fetched.staple.response.empty())
    log_.warning("ocsp_failed", {{"certificate", fetched.name}, {"reason", fetched.staple.problem}});
  else
    log_.info("ocsp_fetched",
              {{"certificate", fetched.name}, {"next_update", certs::utc_time(fetched.staple.next_update)}});
}

/// New staples and expired ones need new messages, and those a new snapshot. It waits until no earlier one is in use,
/// so that staples never stand in the way of a reload.
void Service::keep_staples() {
  const std::vector<certs::Fetched> fetched = stapler_.take();
  for (const certs::Fetched& each : fetched) tell_about_staple(each);
  const std::int64_t now = monotonic_ns();
  const bool look_for_expired = now - staples_checked_ns_ > seconds(10).ns;
  if (look_for_expired) staples_checked_ns_ = now;
  if (look_for_expired || !fetched.empty()) {
    const std::lock_guard lock(mutex_);
    staples_changed_ = certs::apply_fetched(fetched, loaded_.certificates) || staples_changed_;
    if (look_for_expired && certs::expire_all(loaded_.certificates, std::time(nullptr))) staples_changed_ = true;
  }
  if (!staples_changed_ || store_->old() != 0) return;
  auto snapshot = snapshot::build(loaded_.config, loaded_.certificates, store_->next_epoch(), ticket_keys_.keys());
  const std::uint64_t epoch = snapshot->epoch;
  if (!store_->publish(std::move(snapshot)).empty()) return;
  staples_changed_ = false;
  const std::lock_guard lock(mutex_);
  epoch_ = epoch;
}

void Service::begin_drain() {
  sd_notify(0, "STOPPING=1");
  log_.info("draining", {{"limit_ms", general().drain_limit.milliseconds()}});
  {
    const std::lock_guard lock(mutex_);
    state_ = "draining";
  }
  reload_requests_.close();
  fleet_->drain(general().drain_limit);
  // The workers keep the limit themselves; a little more is for a worker that does not answer.
  drain_deadline_ns_ = monotonic_ns() + general().drain_limit.ns + seconds(2).ns;
}

void Service::handle(int signal_number) {
  if (signal_number == SIGHUP) {
    if (!drain_deadline_ns_) reload();
  } else if (drain_deadline_ns_) {
    stop_now_ = true;
  } else {
    begin_drain();
  }
}

void Service::write_events() {
  const bool access = general().access_log;
  fleet_->take_events(kEventsPerTick, [&](std::int64_t unix_ns, const Event& event) {
    if (event.kind == proxy::kAccessEvent && !access) return;
    if (event.kind == proxy::kKeyLogEvent) {
      if (!key_log_.write(event.as<proxy::KeyLogEvent>()))
        log_.error("key_log", {{"message", "a line could not be written"}});
      return;
    }
    if (const std::optional<log::EventLine> line = log::event_line(event))
      log_.write_at(unix_ns, line->level, line->event, line->fields);
  });
  log_.tick();
}

void Service::show_live() {
  const std::int64_t now = monotonic_ns();
  if (now - live_at_ns_ < seconds(1).ns) return;
  const LiveTotals totals = live_totals(fleet_->worker_views());
  const double passed = live_at_ns_ == 0 ? 0 : static_cast<double>(now - live_at_ns_) / 1e9;
  const std::string line = live_line(live_at_ns_ == 0 ? totals : live_, totals, passed);
  std::printf(isatty(STDOUT_FILENO) == 1 ? "\r\x1b[K%s" : "%s\n", line.c_str());
  std::fflush(stdout);
  live_ = totals;
  live_at_ns_ = now;
}

void Service::rotate_ticket_keys() {
  ticket_keys_.tick(log::unix_now(), [this](const std::shared_ptr<const tls::TicketKeys>& keys) {
    std::string refused = store_->publish(snapshot::rekeyed(*store_->current(), keys, store_->next_epoch()));
    const std::lock_guard lock(mutex_);
    if (refused.empty()) epoch_ = store_->current()->epoch;
    return refused;
  });
}

void Service::tick() {
  fleet_->follow_wall_clock();
  rotate_ticket_keys();
  store_->maintain();
  {
    const std::lock_guard lock(mutex_);
    old_snapshots_ = store_->old();
  }
  write_events();
  if (!drain_deadline_ns_) {
    reload_requests_.serve([this] { return reload(); });
    keep_staples();
  }
  if (options_.live) show_live();
}

bool Service::finished() const {
  if (stop_now_) return true;
  return drain_deadline_ns_ && (fleet_->drained() || monotonic_ns() > *drain_deadline_ns_);
}

void Service::serve() {
  while (!finished()) {
    if (const int signal_number = signals_.wait(kTickMs); signal_number != 0) handle(signal_number);
    tick();
  }
  reload_requests_.close();
  server_.reset();
  fleet_->stop();
  write_events();
  if (options_.live) std::printf("\n");
  log_.info("stopped", {{"uptime_seconds", static_cast<double>(log::unix_now() - started_ns_) / 1e9}});
  fleet_.reset();
}

std::vector<api::ServiceView> Service::service_views(const config::Config& config) {
  const std::vector<proxy::Proxy::BackendStatus> states = fleet_->backend_status();
  std::vector<api::ServiceView> views;
  for (const config::Service& service : config.services) {
    api::ServiceView& view = views.emplace_back();
    view.name = service.proxy.name;
    view.mode = service.proxy.mode;
    view.builtin = service.proxy.builtin;
    for (const SocketAddress& listen : service.proxy.listen) view.listen.push_back(listen.to_string());
    for (const proxy::BackendConfig& backend : service.proxy.backends) {
      api::BackendView& sum = view.backends.emplace_back();
      sum.name = backend.name;
      sum.address = backend.address.to_string();
      for (const auto& state : states) {
        if (state.service != view.name || state.backend != sum.name) continue;
        sum.connections += state.connections;
        sum.total += state.total;
        sum.failures += state.failures;
        if (state.ejected) ++sum.ejected_by;
      }
    }
  }
  return views;
}

api::Actions Service::actions() {
  return {.drop_made_ahead =
              [this] {
                const bool dropped = fleet_->drop_made_ahead();
                log_.info("made_ahead_dropped", {{"complete", dropped}});
                return api::Dropped{dropped, fleet_->workers(), fleet_->crypto_cores()};
              },
          .rotate_tickets = [this] { return ticket_keys_.rotate(); },
          .reload_certificates = [this] { return reload_requests_.ask(); }};
}

api::View Service::view() {
  api::View view;
  config::Config config;
  {
    const std::lock_guard lock(mutex_);
    config = loaded_.config;
    view.state = state_;
    view.epoch = epoch_;
    view.old_snapshots = old_snapshots_;
    view.reloads_refused = reloads_refused_;
    view.certificates = certificate_views(loaded_.config, loaded_.certificates);
    view.certificate_bytes = loaded_.certificate_bytes;
  }
  view.tickets = ticket_keys_.view();
  view.started = started_ns_ / 1'000'000'000;
  view.uptime_seconds = static_cast<double>(log::unix_now() - started_ns_) / 1e9;
  view.memory = environment_.info().explanation;
  view.capabilities = capabilities_;
  view.hugepages = environment_.info().hugepages;
  view.workers = fleet_->worker_views();
  view.crypto_cores = fleet_->crypto_core_views();
  view.ports = fleet_->port_views();
  view.services = service_views(config);
  return view;
}

}  // namespace

int run(const RunOptions& options) {
  // Before any key is in memory.
  if (const std::string error = harden_process(); !error.empty()) {
    std::fprintf(stderr, "lockstep: %s\n", error.c_str());
    return 1;
  }
  config::Loaded loaded = config::load(options.config_path);
  if (options.warnings || !loaded.ok()) std::fputs(loaded.diagnostics.render_all().c_str(), stderr);
  if (!loaded.ok()) return 1;
  Service service(options, std::move(loaded));
  if (const std::string error = service.start(); !error.empty()) {
    std::fprintf(stderr, "lockstep: %s\n", error.c_str());
    return 1;
  }
  service.serve();
  return 0;
}

}  // namespace lockstep::service
