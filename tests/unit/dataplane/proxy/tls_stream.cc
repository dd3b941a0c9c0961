#include "tests/unit/dataplane/proxy/tls_stream.h"

#include <openssl/err.h>

#include <array>
#include <vector>

namespace lockstep::proxy::test {

TlsStream::TlsStream(World& world, int version, std::uint16_t port, SSL_SESSION* session)
    : stream(world.connect(port)), context_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX_set_min_proto_version(context_.get(), version);
  SSL_CTX_set_max_proto_version(context_.get(), version);
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_tlsext_host_name(ssl_.get(), "example.org");
  SSL_set_connect_state(ssl_.get());
  if (session != nullptr) SSL_set_session(ssl_.get(), session);
  world.hooks.push_back([this, alive = alive_] {
    if (*alive) step();
  });
}

void TlsStream::send_early(const std::string& text) {
  std::size_t written = 0;
  failed = SSL_write_early_data(ssl_.get(), text.data(), text.size(), &written) != 1;
  flush();
}

std::string TlsStream::exported(const std::string& label, std::size_t size) const {
  std::vector<unsigned char> out(size);
  SSL_export_keying_material(ssl_.get(), out.data(), size, label.data(), label.size(), out.data(), 0, 1);
  return {out.begin(), out.end()};
}

void TlsStream::flush() {
  std::array<char, 16384> buffer;
  for (int n = 0; (n = BIO_read(SSL_get_wbio(ssl_.get()), buffer.data(), buffer.size())) > 0;)
    stream.to_send.append(buffer.data(), static_cast<std::size_t>(n));
}

void TlsStream::step() {
  if (silent) return;
  if (!stream.received.empty()) {
    BIO_write(SSL_get_rbio(ssl_.get()), stream.received.data(), static_cast<int>(stream.received.size()));
    stream.received.clear();
  }
  if (!failed) exchange();
  flush();
  if (closing_) stream.end = true;
}

void TlsStream::exchange() {
  ERR_clear_error();
  std::array<char, 16384> buffer;
  int n = SSL_is_init_finished(ssl_.get()) == 1 ? 1 : SSL_do_handshake(ssl_.get());
  if (n == 1) {
    while ((n = SSL_read(ssl_.get(), buffer.data(), buffer.size())) > 0)
      received.append(buffer.data(), static_cast<std::size_t>(n));
  }
  const int error = SSL_get_error(ssl_.get(), n);
  failed = error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL;
  if (failed || SSL_is_init_finished(ssl_.get()) != 1) return;
  // A queue in memory has no limit of its own: only as much as TCP is about to take.
  while (!to_send_.empty() && stream.to_send.size() < 65536) {
    const std::size_t size = std::min<std::size_t>(to_send_.size(), 16384);
    if (SSL_write(ssl_.get(), to_send_.data(), static_cast<int>(size)) <= 0) break;
    to_send_.erase(0, size);
    BIO* const out = SSL_get_wbio(ssl_.get());
    for (int got = 0; (got = BIO_read(out, buffer.data(), buffer.size())) > 0;)
      stream.to_send.append(buffer.data(), static_cast<std::size_t>(got));
  }
  if (close_ && to_send_.empty() && !closing_) {
    closing_ = true;
    SSL_shutdown(ssl_.get());
  }
}

}  // namespace lockstep::proxy::test
