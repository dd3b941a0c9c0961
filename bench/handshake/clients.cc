#include "bench/handshake/clients.h"

#include "bench/support/keys.h"

namespace lockstep::bench {
namespace {

class Client {
 public:
  Client(SSL_CTX* context, SSL_SESSION* session) : ssl_(SSL_new(context)) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_tlsext_host_name(ssl_.get(), "example.org");
    SSL_set_connect_state(ssl_.get());
    if (session != nullptr) SSL_set_session(ssl_.get(), session);
  }
  Client(Client&&) = default;
  /// As if the connection had been closed well: libssl forgets the sessions of others.
  ~Client() {
    if (ssl_ != nullptr) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
  /// Takes what the server sent, goes on as far as possible, returns what is to be sent.
  Buffer step(Bytes arrived) {
    if (!arrived.empty()) BIO_write(SSL_get_rbio(ssl_.get()), arrived.data(), static_cast<int>(arrived.size()));
    if (!established()) {
      const int result = SSL_do_handshake(ssl_.get());
      require(result == 1 || SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ, "a client's handshake");
    }
    BIO* const out = SSL_get_wbio(ssl_.get());
    Buffer output(BIO_ctrl_pending(out));
    if (!output.empty()) BIO_read(out, output.data(), static_cast<int>(output.size()));
    return output;
  }
  int group() const { return static_cast<int>(SSL_get_negotiated_group(ssl_.get())); }
  bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  /// Takes what the server sent behind the handshake: the session, with its ticket.
  UniqueSession session(Bytes arrived) {
    std::uint8_t byte = 0;
    BIO_write(SSL_get_rbio(ssl_.get()), arrived.data(), static_cast<int>(arrived.size()));
    SSL_read(ssl_.get(), &byte, 1);
    UniqueSession session(SSL_get1_session(ssl_.get()));
    require(SSL_SESSION_is_resumable(session.get()) == 1, "getting a ticket");
    return session;
  }
  bool established() const { return SSL_is_init_finished(ssl_.get()) == 1; }

 private:
  UniqueSsl ssl_;
};

/// All handshakes, up to where both sides are done.
void run_clients(std::vector<Client>& clients, Server& server, const Section& measured) {
  measured([&] { server.start(); });
  std::size_t left = clients.size();
  for (int round = 0; left != 0; ++round) {
    require(round < 8, "ending the handshakes");
    for (std::size_t i = 0; i < clients.size(); ++i) {
      const Buffer output = clients[i].step(server.take_output(i));
      if (!output.empty()) server.arrive(i, output);
    }
    measured([&] { server.serve(); });
    left = 0;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if (!clients[i].established() || !server.established(i)) ++left;
    }
  }
}

}  // namespace

void run_handshakes(const Scenario& scenario, Server& server, std::size_t count, const Section& measured,
                    SSL_SESSION* session) {
  std::vector<Client> clients;
  clients.reserve(count);
  for (std::size_t i = 0; i < count; ++i) clients.emplace_back(scenario.client.get(), session);
  run_clients(clients, server, measured);
  for (std::size_t i = 0; i < count; ++i) server.take_output(i);  // tickets
  measured([&] { server.finish(); });
  for (const Client& client : clients) {
    require(client.group() == scenario.group, "agreeing on the group");
    require(client.resumed() == (session != nullptr), "resuming, or not");
  }
}

UniqueSession make_session(const Scenario& scenario, Server& server) {
  std::vector<Client> clients;
  clients.emplace_back(scenario.client.get(), nullptr);
  run_clients(clients, server, [](const auto& work) { work(); });
  UniqueSession session = clients.front().session(server.take_output(0));
  server.finish();
  return session;
}

}  // namespace lockstep::bench
