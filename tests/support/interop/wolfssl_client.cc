// TLS client on wolfSSL; see README.md.
#include <wolfssl/options.h>
// Behind the options.
#include <wolfssl/ssl.h>

#include "tests/support/interop/client.h"

using namespace lockstep::interop;

namespace {

WOLFSSL_CTX* make_context(const Arguments& arguments) {
  wolfSSL_Init();
  WOLFSSL_CTX* const context = wolfSSL_CTX_new(wolfSSLv23_client_method());
  require(context != nullptr, "a context");
  require(wolfSSL_CTX_load_verify_locations(context, arguments.authority.c_str(), nullptr) == WOLFSSL_SUCCESS,
          "the authority's certificate");
  wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_PEER, nullptr);
  const int groups[] = {WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1};
  wolfSSL_CTX_set_groups(context, const_cast<int*>(groups), 3);
  for (const int group : groups) wolfSSL_CTX_UseSupportedCurve(context, static_cast<word16>(group));
  if (arguments.tickets) wolfSSL_CTX_UseSessionTicket(context);
  if (!arguments.certificate.empty()) {
    require(wolfSSL_CTX_use_certificate_chain_file(context, arguments.certificate.c_str()) == WOLFSSL_SUCCESS,
            "the certificate");
    require(wolfSSL_CTX_use_PrivateKey_file(context, arguments.key.c_str(), WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS,
            "the key");
  }
  return context;
}

int alert_received(WOLFSSL* ssl) {
  WOLFSSL_ALERT_HISTORY history;
  wolfSSL_get_alert_history(ssl, &history);
  return history.last_rx.level == alert_fatal ? history.last_rx.code : 0;
}

std::string exchange(WOLFSSL* ssl, const Arguments& arguments) {
  const std::string text = request(arguments);
  require(wolfSSL_write(ssl, text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size()), "writing");
  std::string answer;
  char block[2048];
  for (int count = 0; (count = wolfSSL_read(ssl, block, sizeof block)) > 0;)
    answer.append(block, static_cast<std::size_t>(count));
  const int error = wolfSSL_get_error(ssl, 0);
  require_no_alert(error == WOLFSSL_ERROR_ZERO_RETURN, "reading", error, alert_received(ssl));
  return answer;
}

/// Returns the session, to be freed by the caller.
WOLFSSL_SESSION* visit(WOLFSSL_CTX* context, const Arguments& arguments, WOLFSSL_SESSION* session) {
  WOLFSSL* const ssl = wolfSSL_new(context);
  const int socket = connect_to(arguments);
  wolfSSL_set_fd(ssl, socket);
  wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, arguments.name.data(), static_cast<word16>(arguments.name.size()));
  wolfSSL_check_domain_name(ssl, arguments.name.c_str());
  if (session != nullptr) require(wolfSSL_set_session(ssl, session) == WOLFSSL_SUCCESS, "setting the session");
  const int result = wolfSSL_connect(ssl);
  require_no_alert(result == WOLFSSL_SUCCESS, "the handshake", wolfSSL_get_error(ssl, result), alert_received(ssl));
  check_answer(exchange(ssl, arguments));
  WOLFSSL_SESSION* const latest = wolfSSL_get1_session(ssl);
  wolfSSL_shutdown(ssl);
  wolfSSL_free(ssl);
  close(socket);
  return latest;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = read_arguments(argc, argv);
  WOLFSSL_CTX* const context = make_context(arguments);
  WOLFSSL_SESSION* session = nullptr;
  for (int i = 0; i < arguments.connections; ++i) {
    WOLFSSL_SESSION* const latest = visit(context, arguments, session);
    if (session != nullptr) wolfSSL_SESSION_free(session);
    session = latest;
  }
  wolfSSL_SESSION_free(session);
  wolfSSL_CTX_free(context);
  return 0;
}
