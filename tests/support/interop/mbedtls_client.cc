// TLS client on mbedTLS; see README.md.
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include "tests/support/interop/client.h"

using namespace lockstep::interop;

namespace {

struct Client {
  explicit Client(const Arguments& with) : arguments(with) {
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    mbedtls_x509_crt_init(&authority);
    mbedtls_x509_crt_init(&certificate);
    mbedtls_pk_init(&key);
    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_session_init(&session);
    int code = mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, nullptr, 0);
    require(code == 0, "seeding", code);
    code = mbedtls_x509_crt_parse_file(&authority, arguments.authority.c_str());
    require(code == 0, "the authority's certificate", code);
    code = mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                       MBEDTLS_SSL_PRESET_DEFAULT);
    require(code == 0, "configuring", code);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&config, &authority, nullptr);
    mbedtls_ssl_conf_session_tickets(
        &config, arguments.tickets ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
    if (!arguments.certificate.empty()) show_certificate();
  }

  void show_certificate() {
    int code = mbedtls_x509_crt_parse_file(&certificate, arguments.certificate.c_str());
    require(code == 0, "the certificate", code);
    code = mbedtls_pk_parse_keyfile(&key, arguments.key.c_str(), nullptr);
    require(code == 0, "the key", code);
    code = mbedtls_ssl_conf_own_cert(&config, &certificate, &key);
    require(code == 0, "showing the certificate", code);
  }

  void visit(bool resume) {
    mbedtls_net_context socket{};
    socket.fd = connect_to(arguments);
    mbedtls_ssl_context ssl;
    mbedtls_ssl_init(&ssl);
    int code = mbedtls_ssl_setup(&ssl, &config);
    require(code == 0, "setting up", code);
    mbedtls_ssl_set_hostname(&ssl, arguments.name.c_str());
    mbedtls_ssl_set_bio(&ssl, &socket, mbedtls_net_send, mbedtls_net_recv, nullptr);
    if (resume) {
      code = mbedtls_ssl_set_session(&ssl, &session);
      require(code == 0, "setting the session", code);
    }
    code = mbedtls_ssl_handshake(&ssl);
    // Of a fatal alert the library keeps the record alone.
    require_no_alert(code == 0, "the handshake", code, code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE ? ssl.in_msg[1] : 0);
    mbedtls_ssl_session_free(&session);
    code = mbedtls_ssl_get_session(&ssl, &session);
    require(code == 0, "getting the session", code);
    exchange(ssl);
    mbedtls_ssl_close_notify(&ssl);
    mbedtls_ssl_free(&ssl);
    mbedtls_net_free(&socket);
  }

  void exchange(mbedtls_ssl_context& ssl) {
    const std::string text = request(arguments);
    int code = mbedtls_ssl_write(&ssl, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    require(code == static_cast<int>(text.size()), "writing", code);
    std::string answer;
    unsigned char block[2048];
    while ((code = mbedtls_ssl_read(&ssl, block, sizeof block)) > 0)
      answer.append(reinterpret_cast<const char*>(block), static_cast<std::size_t>(code));
    require(code == 0 || code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY, "reading", code);
    check_answer(answer);
  }

  const Arguments& arguments;
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;
  mbedtls_x509_crt authority;
  mbedtls_x509_crt certificate;
  mbedtls_pk_context key;
  mbedtls_ssl_config config;
  mbedtls_ssl_session session;
};

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = read_arguments(argc, argv);
  Client client(arguments);
  for (int i = 0; i < arguments.connections; ++i) client.visit(i > 0);
  return 0;
}
