// Keys for tickets as control makes them, and hellos that offer tickets.
#pragma once

#include <memory>

#include "dataplane/tls/ticket.h"
#include "tests/support/none_engine.h"
#include "tests/unit/dataplane/tls/hello.h"

namespace lockstep::tls::test {

/// `count` new keys, of which the first seals.
inline std::shared_ptr<TicketKeys> ticket_keys(std::size_t count, Random& random) {
  auto keys = std::make_shared<TicketKeys>();
  for (std::size_t i = 0; i < count; ++i) {
    TicketKey& key = keys->keys.emplace_back();
    random.fill(key.name);
    key.keys.aead = crypto::Aead::aes_256_gcm;
    key.keys.id = shared_key_id();
    random.fill(key.keys.key.writable());
  }
  keys->sealing = &keys->keys.front();
  random.fill(keys->instance);
  return keys;
}

inline void run(crypto::Engine& engine, crypto::Job& job) {
  crypto::Job* const jobs[] = {&job};
  crypto::JobList done;
  engine.run(jobs, done);
}

/// A pre_shared_key extension with one binder like the others for each identity.
inline Buffer offered_psks(std::initializer_list<Buffer> identities,
                           const Buffer& binder = Buffer(32, lockstep::test::kNoneBinder)) {
  Buffer list;
  Buffer binders;
  for (const Buffer& identity : identities) {
    list = join({list, vector16(identity), integer(0, 4)});
    binders = join({binders, vector8(binder)});
  }
  return join({vector16(list), vector16(binders)});
}

/// A ticket that a server with `config` and the engine without security takes at the beginning of time; gives the
/// configuration a key. What the session was may be changed before the ticket is made.
struct TicketOffer {
  explicit TicketOffer(ServerConfig& config) {
    keys = ticket_keys(2, random);
    config.ticket_keys = keys;
    state.cipher_suite = CipherSuite::tls_aes_128_gcm_sha256;
    state.server_name = name;
    state.scope = config.resumption_scope;
  }
  Buffer ticket() { return ticket(*keys->sealing); }
  Buffer ticket(const TicketKey& key) {
    lockstep::test::NoneEngine engine;
    Buffer out(kMaxTicket);
    TicketSealer sealer;
    const Bytes made = sealer.prepare(key, state, random, out);
    run(engine, sealer.job);
    return {made.begin(), made.end()};
  }
  /// The session is one of TLS 1.2, as hello12 would resume it.
  void of_tls12() {
    state.version = Version::tls12;
    state.cipher_suite = CipherSuite::ecdhe_rsa_aes_128_gcm_sha256;
  }
  /// The ticket allows early data, and so does `config`; issued at `now` in no time.
  void allow_early_data(ServerConfig& config, std::uint32_t size, Instant now) {
    config.max_early_data = state.max_early_data = size;
    state.instance = keys->instance;
    state.issued_at = now;
    state.alpn = alpn;
  }
  void add_to(Hello& hello) { hello.set(ExtensionType::pre_shared_key, offered_psks({ticket()})); }

  Random random = Random::from_number(11);
  std::shared_ptr<TicketKeys> keys;
  Buffer name = text("example.org");
  Buffer alpn = text("http/1.1");
  SessionState state;
};

}  // namespace lockstep::tls::test
