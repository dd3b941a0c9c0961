// The ClientHello, all its extensions, and everything that is chosen by it.
#include "dataplane/tls/negotiate.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/unit/dataplane/tls/none_client.h"

namespace lockstep::tls::test {

void run_one(Bytes body) {
  static const ServerConfig config = [] {
    ServerConfig all = none_config();
    all.cipher_suites = all_cipher_suites();
    return all;
  }();
  ClientHello hello;
  if (hello.read(body) != Error::none) return;
  unchanging_part(body);
  for (const auto group : config.groups) {
    Bytes key;
    // A share that is taken has the size of its group.
    if (hello.find_key_share(group, key) == Error::none && !key.empty()) EXPECT_EQ(key.size(), public_key_size(group));
  }
  (void)choose_version(config, hello);
  (void)choose_alpn(config, hello);
  const auto identity = choose_identity(config, hello);
  if (!identity.ok()) return;
  (void)choose_tls12(config, *identity.value(), hello);
  (void)choose_tls13(config, hello);
  (void)choose_signer_tls13(config, *identity.value(), hello);
}

}  // namespace lockstep::tls::test

LOCKSTEP_FUZZER(lockstep::tls::test::run_one)
