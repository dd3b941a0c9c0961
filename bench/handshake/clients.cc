#include "bench/handshake/clients.h"

#include "bench/support/keys.h"

namespace lockstep::bench {
namespace {

class Client {
 public:
  explicit Client(SSL_CTX* context) : ssl_(SSL_new(context)) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_tlsext_host_name(ssl_.get(), "example.org");
    SSL_set_connect_state(ssl_.get());
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
  bool established() const { return SSL_is_init_finished(ssl_.get()) == 1; }

 private:
  UniqueSsl ssl_;
};

}  // namespace

void run_handshakes(const Scenario& scenario, Server& server, std::size_t count, const Section& measured) {
  std::vector<Client> clients;
  clients.reserve(count);
  for (std::size_t i = 0; i < count; ++i) clients.emplace_back(scenario.client.get());
  measured([&] { server.start(); });

  std::size_t left = count;
  for (int round = 0; left != 0; ++round) {
    require(round < 8, "ending the handshakes");
    for (std::size_t i = 0; i < count; ++i) {
      const Buffer output = clients[i].step(server.take_output(i));
      if (!output.empty()) server.arrive(i, output);
    }
    measured([&] { server.serve(); });
    left = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!clients[i].established() || !server.established(i)) ++left;
    }
  }
  measured([&] { server.finish(); });
  for (const Client& client : clients) require(client.group() == scenario.group, "agreeing on the group");
}

}  // namespace lockstep::bench
