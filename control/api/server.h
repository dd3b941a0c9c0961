// The admin HTTP server: on a TCP address and on a UNIX socket.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "control/api/view.h"
#include "crypto/base/result.h"
#include "dataplane/base/address.h"

namespace lockstep::api {

enum class Method : std::uint8_t { get, post, other };  // HEAD is a GET without the body
enum class Origin : std::uint8_t { unix_socket, tcp };

struct Request {
  Method method = Method::get;
  std::string_view path;  // without query
  Origin origin = Origin::unix_socket;
};

struct Response {
  unsigned status = 200;
  std::string content_type;
  std::string body;
  const char* allow = nullptr;  // the methods that the path has, when the request's is not among them
};
/// Called on the server's threads, two at most at the same time.
using Handler = std::function<Response(const Request& request)>;

/// What a local caller may have done; called on the server's threads.
struct Actions {
  std::function<Dropped()> drop_made_ahead;
  std::function<Rotated()> rotate_tickets;
  std::function<Reloaded()> reload_certificates;
};

/// GET /status, /tickets, /certificates, /metrics and /healthz of what `view` returns, from anywhere; POST
/// /made-ahead/drop, /certificates/reload and /tickets/rotate from the UNIX socket, whose file says who may.
Handler make_handler(std::function<View()> view, Actions actions);

class Server {
 public:
  /// Opens the listening sockets: `http` when given, and the UNIX socket `path` with mode 0600; its folder is made when
  /// missing. A socket file that nobody listens on any more is replaced. The error says what to do.
  static Result<std::unique_ptr<Server>, std::string> open(const std::optional<SocketAddress>& http,
                                                           const std::string& path);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Gives the UNIX socket to another user.
  void set_owner(unsigned user, unsigned group) const;
  /// Starts answering. An empty string, or what went wrong.
  std::string start(Handler handler);
  /// The TCP address listened on; its port is the real one when 0 was asked for.
  std::optional<SocketAddress> http() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lockstep::api
