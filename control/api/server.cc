#include "control/api/server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "control/api/metrics.h"
#include "control/api/sessions.h"
#include "control/api/status.h"
#include "control/api/tickets.h"

namespace lockstep::api {
namespace {

constexpr unsigned kMaxConnections = 32;
constexpr unsigned kTimeoutSeconds = 10;
constexpr std::size_t kConnectionMemory = 32'768;

std::string system_error() {
  return std::generic_category().message(errno);
}

/// Closes its descriptor unless taken.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int take() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

socklen_t fill(const SocketAddress& address, sockaddr_storage& out) {
  std::memset(&out, 0, sizeof out);
  if (address.ip.is_v4()) {
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&out);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    v4->sin_addr.s_addr = htonl(address.ip.as_v4());
    return sizeof *v4;
  }
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&out);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(address.port);
  std::memcpy(&v6->sin6_addr, address.ip.bytes().data(), 16);
  return sizeof *v6;
}

Result<int, std::string> listen_http(SocketAddress& address) {
  const std::string text = address.to_string();
  Socket socket(::socket(address.ip.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int one = 1;
  if (socket.get() < 0 || setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0)
    return Failure{"cannot make the admin socket: " + system_error()};
  sockaddr_storage name{};
  socklen_t size = fill(address, name);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0 || listen(socket.get(), 64) != 0)
    return Failure{"cannot listen on " + text + " for the admin port (" + system_error() +
                   "); choose another \"http\" in [admin], or \"\" for none"};
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) == 0)
    address.port = ntohs(address.ip.is_v4() ? reinterpret_cast<sockaddr_in*>(&name)->sin_port
                                            : reinterpret_cast<sockaddr_in6*>(&name)->sin6_port);
  return socket.take();
}

bool somebody_listens(const sockaddr_un& name) {
  const Socket probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
}

Result<int, std::string> listen_unix(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path)
    return Failure{"the path " + path + " is too long for a UNIX socket; choose a shorter \"socket\""};
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  std::error_code ignored;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  if (somebody_listens(name))
    return Failure{"another lockstep listens on " + path + "; stop it, or choose another \"socket\" in [general]"};
  struct stat existing{};
  if (lstat(path.c_str(), &existing) == 0) {
    if (!S_ISSOCK(existing.st_mode))
      return Failure{path + " exists and is no socket; choose another \"socket\" in [general]"};
    unlink(path.c_str());
  }
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const mode_t before = umask(0177);
  const bool bound =
      socket.get() >= 0 && bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
  umask(before);
  if (!bound || listen(socket.get(), 64) != 0)
    return Failure{"cannot listen on " + path + " (" + system_error() + "); choose another \"socket\" in [general]"};
  return socket.take();
}

/// What a daemon's answers need: the handler, and which socket it serves.
struct Context {
  const Handler* handler;
  Origin origin;
};

Method method_of(const char* method) {
  const std::string_view name = method;
  if (name == MHD_HTTP_METHOD_GET || name == MHD_HTTP_METHOD_HEAD) return Method::get;
  return name == MHD_HTTP_METHOD_POST ? Method::post : Method::other;
}

/// Nothing here takes a body: what a request has of it is read and put aside.
MHD_Result answer(void* context, MHD_Connection* connection, const char* url, const char* method, const char*,
                  const char*, std::size_t* upload_size, void** state) {
  static char seen;
  if (*state == nullptr) {  // headers are complete; the answer follows with the next call
    *state = &seen;
    return MHD_YES;
  }
  if (*upload_size != 0) {
    *upload_size = 0;
    return MHD_YES;
  }
  const auto& [handler, origin] = *static_cast<const Context*>(context);
  Response response = (*handler)({method_of(method), url, origin});
  MHD_Response* const reply =
      MHD_create_response_from_buffer(response.body.size(), response.body.data(), MHD_RESPMEM_MUST_COPY);
  if (reply == nullptr) return MHD_NO;
  MHD_add_response_header(reply, MHD_HTTP_HEADER_CONTENT_TYPE, response.content_type.c_str());
  MHD_add_response_header(reply, "X-Content-Type-Options", "nosniff");
  if (response.allow != nullptr) MHD_add_response_header(reply, MHD_HTTP_HEADER_ALLOW, response.allow);
  const MHD_Result queued = MHD_queue_response(connection, response.status, reply);
  MHD_destroy_response(reply);
  return queued;
}

MHD_Daemon* start_daemon(int socket, const Context& context) {
  return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, nullptr, nullptr, answer,
                          const_cast<Context*>(&context), MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_LIMIT,
                          kMaxConnections, MHD_OPTION_CONNECTION_TIMEOUT, kTimeoutSeconds,
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemory, MHD_OPTION_END);
}

constexpr const char* kText = "text/plain; charset=utf-8";

Response show(std::string_view path, const View& view) {
  if (path == "/status") return {200, "application/json", status_json(view)};
  if (path == "/sessions") return {200, "application/json", sessions_json(view)};
  if (path == "/tickets") return {200, "application/json", tickets_json(view.tickets)};
  if (path == "/certificates") return {200, "application/json", certificates_json(view)};
  if (path == "/metrics") return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(view)};
  const std::string state = view.state;
  return {state == "running" ? 200U : 503U, kText, state + "\n"};
}

Response drop_made_ahead(const Actions& actions) {
  const Dropped dropped = actions.drop_made_ahead();
  return {dropped.complete ? 200U : 503U, "application/json", dropped_json(dropped)};
}

Response rotate_tickets(const Actions& actions) {
  const Rotated rotated = actions.rotate_tickets();
  if (rotated.outcome == Rotated::Outcome::published) return {200, "application/json", rotated_json(rotated)};
  return {rotated.outcome == Rotated::Outcome::refused ? 409U : 503U, kText, rotated.reason + "\n"};
}

Response reload_certificates(const Actions& actions) {
  return {200, "application/json", reloaded_json(actions.reload_certificates())};
}

/// What changes something, and the command that does it.
struct Action {
  std::string_view path;
  const char* command;
  Response (*carry_out)(const Actions& actions);
};
constexpr std::array kActions = {
    Action{"/made-ahead/drop", "lockstep made-ahead drop", drop_made_ahead},
    Action{"/certificates/reload", "lockstep cert reload", reload_certificates},
    Action{"/tickets/rotate", "lockstep ticket rotate", rotate_tickets},
};

Response act(const Action& action, const Request& request, const Actions& actions) {
  const std::string command = "'" + std::string(action.command) + "'";
  if (request.method != Method::post) return {405, kText, "only POST: " + command + " does it\n", "POST"};
  if (request.origin != Origin::unix_socket)
    return {403, kText, "only over the UNIX socket: use " + command + " on the service's host\n"};
  return action.carry_out(actions);
}

}  // namespace

Handler make_handler(std::function<View()> view, Actions actions) {
  return [view = std::move(view), actions = std::move(actions)](const Request& request) -> Response {
    for (const Action& action : kActions)
      if (request.path == action.path) return act(action, request, actions);
    if (request.path != "/status" && request.path != "/sessions" && request.path != "/tickets" &&
        request.path != "/certificates" && request.path != "/metrics" && request.path != "/healthz")
      return {404, kText,
              "there are /status, /sessions, /tickets, /certificates, /metrics, /healthz and, to be posted to, "
              "/made-ahead/drop, "
              "/certificates/reload and /tickets/rotate\n"};
    if (request.method != Method::get) return {405, kText, "only GET\n", "GET, HEAD"};
    return show(request.path, view());
  };
}

struct Server::State {
  std::optional<SocketAddress> address;
  std::string path;
  int http_socket = -1;
  int unix_socket = -1;
  MHD_Daemon* http = nullptr;
  MHD_Daemon* local = nullptr;
  Handler handler;
  Context from_local{&handler, Origin::unix_socket};
  Context from_http{&handler, Origin::tcp};
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Server>, std::string> Server::open(const std::optional<SocketAddress>& http,
                                                          const std::string& path) {
  std::unique_ptr<Server> server(new Server(std::make_unique<State>()));
  State& state = *server->state_;
  const Result<int, std::string> local = listen_unix(path);
  if (!local) return Failure{local.error()};
  state.unix_socket = local.value();
  state.path = path;
  if (http) {
    state.address = http;
    const Result<int, std::string> tcp = listen_http(*state.address);
    if (!tcp) return Failure{tcp.error()};
    state.http_socket = tcp.value();
  }
  return server;
}

Server::~Server() {
  // A daemon closes the socket it listens on.
  if (state_->http != nullptr)
    MHD_stop_daemon(state_->http);
  else if (state_->http_socket >= 0)
    close(state_->http_socket);
  if (state_->local != nullptr)
    MHD_stop_daemon(state_->local);
  else if (state_->unix_socket >= 0)
    close(state_->unix_socket);
  if (!state_->path.empty()) unlink(state_->path.c_str());
}

void Server::set_owner(unsigned user, unsigned group) const {
  if (chown(state_->path.c_str(), user, group) != 0) return;  // root's socket still serves root
}

std::string Server::start(Handler handler) {
  state_->handler = std::move(handler);
  state_->local = start_daemon(state_->unix_socket, state_->from_local);
  if (state_->local == nullptr) return "libmicrohttpd cannot serve the UNIX socket " + state_->path;
  if (state_->http_socket < 0) return {};
  state_->http = start_daemon(state_->http_socket, state_->from_http);
  return state_->http == nullptr ? "libmicrohttpd cannot serve " + state_->address->to_string() : "";
}

std::optional<SocketAddress> Server::http() const {
  return state_->address;
}

}  // namespace lockstep::api
