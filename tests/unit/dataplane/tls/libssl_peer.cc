#include "tests/unit/dataplane/tls/libssl_peer.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "tests/unit/dataplane/tls/credentials.h"

namespace lockstep::tls::test {

namespace {

void use_certificate(SSL* ssl, const std::string& certificates, const std::string& key) {
  BIO* const chain = BIO_new_mem_buf(certificates.data(), static_cast<int>(certificates.size()));
  X509* const leaf = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
  EXPECT_EQ(SSL_use_certificate(ssl, leaf), 1);
  X509_free(leaf);
  while (X509* const next = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr)) SSL_add0_chain_cert(ssl, next);
  BIO_free(chain);
  BIO* const bio = BIO_new_mem_buf(key.data(), static_cast<int>(key.size()));
  EVP_PKEY* const private_key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  EXPECT_EQ(SSL_use_PrivateKey(ssl, private_key), 1);
  EVP_PKEY_free(private_key);
  BIO_free(bio);
}

}  // namespace

void trust(SSL_CTX* context, const std::string& pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
  X509_free(certificate);
  BIO_free(bio);
}

LibsslPeer::LibsslPeer(const std::function<void(SSL_CTX*)>& setup_context, const std::function<void(SSL*)>& setup)
    : context_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX* const context = context_.get();
  trust(context, authority_pem());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (setup_context) setup_context(context);
  make_connection([&](SSL* ssl) {
    SSL_set1_host(ssl, "example.org");
    SSL_set_connect_state(ssl);
    if (setup) setup(ssl);
  });
}

LibsslPeer::LibsslPeer(const std::string& certificates, const std::string& key,
                       const std::function<void(SSL_CTX*)>& setup_context, const std::function<void(SSL*)>& setup)
    : context_(SSL_CTX_new(TLS_server_method())) {
  if (setup_context) setup_context(context_.get());
  make_connection([&](SSL* ssl) {
    use_certificate(ssl, certificates, key);
    SSL_set_accept_state(ssl);
    if (setup) setup(ssl);
  });
}

void LibsslPeer::make_connection(const std::function<void(SSL*)>& setup) {
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  setup(ssl_.get());
}

void LibsslPeer::step() {
  if (failed()) return;
  ERR_clear_error();
  int result = 0;
  if (SSL_is_init_finished(ssl_.get()) == 0) {
    result = SSL_do_handshake(ssl_.get());
  }
  char block[16384];
  while (SSL_is_init_finished(ssl_.get()) == 1) {
    result = SSL_read(ssl_.get(), block, sizeof block);
    if (result <= 0) break;
    received.append(block, static_cast<std::size_t>(result));
  }
  const int reason = SSL_get_error(ssl_.get(), result);
  if (result <= 0 && reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_ZERO_RETURN) {
    failure = "failed";
    if (const unsigned long code = ERR_get_error(); code != 0) failure = ERR_reason_error_string(code);
  }
}

void LibsslPeer::feed(Bytes bytes) {
  BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
}

Buffer LibsslPeer::take_output() {
  Buffer out(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())));
  if (!out.empty()) BIO_read(SSL_get_wbio(ssl_.get()), out.data(), static_cast<int>(out.size()));
  return out;
}

void LibsslPeer::write(const std::string& plaintext) {
  std::size_t written = 0;
  if (plaintext.empty()) return;
  ASSERT_EQ(SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &written), 1);
  ASSERT_EQ(written, plaintext.size());
}

void exchange(Driver& ours, LibsslPeer& theirs) {
  for (int turns = 0; turns < 10000; ++turns) {
    theirs.step();
    const Buffer up = theirs.take_output();
    if (!up.empty()) ours.feed(up);
    ours.run();
    const Buffer down = ours.take_output();
    if (!down.empty()) theirs.feed(down);
    if (up.empty() && down.empty()) return;
  }
  FAIL() << "no end";
}

}  // namespace lockstep::tls::test
