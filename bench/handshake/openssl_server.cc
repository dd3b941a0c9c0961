#include "bench/handshake/openssl_server.h"

#include "bench/support/keys.h"

namespace lockstep::bench {

OpensslServer::OpensslServer(SSL_CTX* context, std::size_t connections) : context_(context), connections_(connections) {
  for (Connection& connection : connections_) {
    connection.in.reset(BIO_new(BIO_s_mem()));
    connection.out.reset(BIO_new(BIO_s_mem()));
    BIO_set_mem_eof_return(connection.in.get(), -1);
  }
}

void OpensslServer::start() {
  for (Connection& connection : connections_) {
    connection.ssl.reset(SSL_new(context_));
    BIO_up_ref(connection.in.get());
    BIO_up_ref(connection.out.get());
    SSL_set_bio(connection.ssl.get(), connection.in.get(), connection.out.get());
  }
}

void OpensslServer::arrive(std::size_t connection, Bytes bytes) {
  BIO_write(connections_[connection].in.get(), bytes.data(), static_cast<int>(bytes.size()));
  connections_[connection].arrived = true;
}

void OpensslServer::serve() {
  for (Connection& connection : connections_) {
    if (!connection.arrived) continue;
    connection.arrived = false;
    const int result = SSL_accept(connection.ssl.get());
    require(result == 1 || SSL_get_error(connection.ssl.get(), result) == SSL_ERROR_WANT_READ, "libssl's handshake");
  }
}

Buffer OpensslServer::take_output(std::size_t connection) {
  BIO* const bio = connections_[connection].out.get();
  Buffer output(BIO_ctrl_pending(bio));
  if (!output.empty()) BIO_read(bio, output.data(), static_cast<int>(output.size()));
  return output;
}

bool OpensslServer::established(std::size_t connection) const {
  return SSL_is_init_finished(connections_[connection].ssl.get()) == 1;
}

void OpensslServer::finish() {
  for (Connection& connection : connections_) {
    // As if it had been closed well: libssl forgets the sessions of others.
    SSL_set_shutdown(connection.ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    connection.ssl.reset();
  }
}

}  // namespace lockstep::bench
