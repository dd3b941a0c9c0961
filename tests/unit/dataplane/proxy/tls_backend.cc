#include "tests/unit/dataplane/proxy/tls_backend.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>

namespace lockstep::proxy::test {

namespace {

Stream& wait_for(World& world, std::uint16_t port, std::size_t index) {
  EXPECT_TRUE(world.until([&] { return world.accepted(port).size() > index; }));
  return *world.accepted(port).at(index);
}

}  // namespace

TlsBackend::TlsBackend(World& world, std::uint16_t port, const std::string& certificate, const std::string& key,
                       std::size_t index, std::size_t skip)
    : stream(wait_for(world, port, index)), context_(SSL_CTX_new(TLS_server_method())), skip_(skip) {
  BIO* const leaf_pem = BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size()));
  X509* const leaf = PEM_read_bio_X509(leaf_pem, nullptr, nullptr, nullptr);
  BIO* const key_pem = BIO_new_mem_buf(key.data(), static_cast<int>(key.size()));
  EVP_PKEY* const private_key = PEM_read_bio_PrivateKey(key_pem, nullptr, nullptr, nullptr);
  EXPECT_EQ(SSL_CTX_use_certificate(context_.get(), leaf), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context_.get(), private_key), 1);
  X509_free(leaf);
  EVP_PKEY_free(private_key);
  BIO_free(leaf_pem);
  BIO_free(key_pem);
  // All are one server: tickets of one are good for the next.
  std::array<unsigned char, 80> ticket_keys;
  ticket_keys.fill(0x5a);
  EXPECT_EQ(SSL_CTX_set_tlsext_ticket_keys(context_.get(), ticket_keys.data(), ticket_keys.size()), 1);
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_accept_state(ssl_.get());
  world.hooks.push_back([this, alive = alive_] {
    if (*alive) step();
  });
}

std::string TlsBackend::server_name() const {
  const char* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

void TlsBackend::step() {
  const std::size_t skipped = std::min(skip_, stream.received.size());
  plain += stream.received.substr(0, skipped);
  stream.received.erase(0, skipped);
  skip_ -= skipped;
  if (!stream.received.empty()) {
    BIO_write(SSL_get_rbio(ssl_.get()), stream.received.data(), static_cast<int>(stream.received.size()));
    stream.received.clear();
  }
  if (!failed) read_and_write();
  std::array<char, 16384> buffer;
  for (int n = 0; (n = BIO_read(SSL_get_wbio(ssl_.get()), buffer.data(), buffer.size())) > 0;)
    stream.to_send.append(buffer.data(), static_cast<std::size_t>(n));
}

void TlsBackend::read_and_write() {
  ERR_clear_error();
  std::array<char, 16384> buffer;
  int n = SSL_is_init_finished(ssl_.get()) == 1 ? 1 : SSL_do_handshake(ssl_.get());
  if (n == 1) {
    while ((n = SSL_read(ssl_.get(), buffer.data(), buffer.size())) > 0)
      received.append(buffer.data(), static_cast<std::size_t>(n));
  }
  const int error = SSL_get_error(ssl_.get(), n);
  failed = error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL;
  if (failed)
    if (const unsigned long code = ERR_get_error(); code != 0) failure = ERR_reason_error_string(code);
  if (failed || SSL_is_init_finished(ssl_.get()) != 1) return;
  if (!to_send_.empty()) {
    EXPECT_EQ(SSL_write(ssl_.get(), to_send_.data(), static_cast<int>(to_send_.size())),
              static_cast<int>(to_send_.size()));
    to_send_.clear();
  }
  if (close_ && !stream.end) {
    SSL_shutdown(ssl_.get());
    stream.end = true;
  }
}

}  // namespace lockstep::proxy::test
