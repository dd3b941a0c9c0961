#include "crypto/schedule/tls13.h"

#include "crypto/schedule/hkdf.h"

namespace lockstep::crypto {

namespace {

constexpr DigestBytes kZeros{};

DigestBytes digest_of_nothing(Hash hash) {
  DigestBytes digest{};
  digest_of(hash, {}, digest);
  return digest;
}

// Derive-Secret(Early Secret, "derived", "") for a PSK of zeros.
HmacKey salt_without_psk(Hash hash, const HmacKey& zero_salt, Bytes empty_digest) {
  const std::size_t size = digest_size(hash);
  Secret<kMaxDigest> secret;
  zero_salt.mac({Bytes(kZeros).first(size)}, secret.writable(size));
  hkdf_expand_label(HmacKey(hash, secret.expose(size)), "derived", empty_digest, secret.writable(size));
  return {hash, secret.expose(size)};
}

PaddedMessage<1> message_of_zeros(Hash hash) {
  PaddedMessage<1> message;
  message.assign(hash, {Bytes(kZeros).first(digest_size(hash))});
  return message;
}

// The one block that HKDF-Expand authenticates for a label.
PaddedMessage<1> message_of_label(Hash hash, std::string_view label, Bytes context, std::size_t out_size) {
  constexpr std::uint8_t kCounter = 1;
  PaddedMessage<1> message;
  message.assign(hash, {HkdfLabel(label, context, out_size).bytes(), Bytes(&kCounter, 1)});
  return message;
}

ConstantMessage label_without_context(Hash hash, std::string_view label, std::size_t out_size, std::size_t index) {
  return {hash, message_of_label(hash, label, {}, out_size).data(), index};
}

}  // namespace

LabelMessage::LabelMessage(Hash hash, std::string_view label) {
  const std::size_t size = digest_size(hash);
  const Bytes placeholder = Bytes(kZeros).first(size);
  message = message_of_label(hash, label, placeholder, size);
  context_at = HkdfLabel(label, placeholder, size).bytes().size() - size;
}

Tls13Constants::Tls13Constants(Hash hash_in)
    : hash(hash_in),
      zero_salt(hash, {}),
      empty(digest_of_nothing(hash)),
      no_psk_salt(salt_without_psk(hash, zero_salt, Bytes(empty).first(digest_size(hash)))),
      client_early_traffic(hash, "c e traffic"),
      client_handshake_traffic(hash, "c hs traffic"),
      server_handshake_traffic(hash, "s hs traffic"),
      client_application_traffic(hash, "c ap traffic"),
      server_application_traffic(hash, "s ap traffic"),
      exporter_master(hash, "exp master"),
      resumption_master(hash, "res master"),
      zeros(message_of_zeros(hash)),
      constant_zeros(hash, zeros.data(), 0),
      derived(hash, message_of_label(hash, "derived", Bytes(empty).first(digest_size(hash)), digest_size(hash)).data(),
              1),
      finished(label_without_context(hash, "finished", digest_size(hash), 2)),
      traffic_update(label_without_context(hash, "traffic upd", digest_size(hash), 3)),
      key16(label_without_context(hash, "key", 16, 4)),
      key32(label_without_context(hash, "key", 32, 5)),
      iv(label_without_context(hash, "iv", kAeadNonce, 6)),
      resumption_binder(
          hash, message_of_label(hash, "res binder", Bytes(empty).first(digest_size(hash)), digest_size(hash)).data(),
          7) {}

void TrafficKeys::expand(HashRound& round, const Tls13Constants& constants, const HmacState& traffic_secret,
                         const RecordKeys& keys) {
  const ConstantMessage& key = key_size(keys.aead) == 16 ? constants.key16 : constants.key32;
  round.mac(constants.hash, traffic_secret, key, key_.data());
  round.mac(constants.hash, traffic_secret, constants.iv, iv_.data());
}

void TrafficKeys::take(RecordKeys& keys) const {
  // Sizes written out: a copy of unknown length costs a call.
  if (key_size(keys.aead) == 16) {
    keys.key.assign(Bytes(key_).first<16>());
  } else {
    keys.key.assign(Bytes(key_).first<32>());
  }
  keys.iv.assign(Bytes(iv_).first<kAeadNonce>());
}

Tls13ServerFlight::Tls13ServerFlight(Tls13ServerFlightJob& job, const Tls13Constants& constants)
    : job_(job),
      constants_(constants),
      hash_(constants.hash),
      size_(digest_size(hash_)),
      next_(job.psk.empty() ? kFirstStepWithoutPsk : 0),
      salt_(job.psk.empty() ? &constants.no_psk_salt.state() : &derived_state_),
      digest_message_(constants.zeros) {}

// The whole of RFC 8446 section 7.1, from the PSK on. Steps take turns: secrets become HMAC keys, keys make secrets.
constexpr std::array<Tls13ServerFlight::Step, 16> Tls13ServerFlight::kSteps = {
    &Tls13ServerFlight::early_secret,
    &Tls13ServerFlight::early_secret_key,
    &Tls13ServerFlight::early_derived,
    &Tls13ServerFlight::handshake_salt,
    &Tls13ServerFlight::handshake_secret,
    &Tls13ServerFlight::handshake_secret_key,
    &Tls13ServerFlight::handshake_traffic_secrets,
    &Tls13ServerFlight::handshake_traffic_keys_of_secrets,
    &Tls13ServerFlight::handshake_keys_and_master_secret,
    &Tls13ServerFlight::finished_keys,
    &Tls13ServerFlight::server_finished,
    &Tls13ServerFlight::flight_digest,
    &Tls13ServerFlight::application_traffic_secrets,
    &Tls13ServerFlight::application_traffic_keys_of_secrets,
    &Tls13ServerFlight::application_keys,
    &Tls13ServerFlight::take_application_keys,
};

bool Tls13ServerFlight::step(HashRound& round) {
  if (next_ == kSteps.size()) return false;
  (this->*kSteps[next_++])(round);
  return true;
}

// Derive-Secret(secret, label, messages) with the messages' digest.
void Tls13ServerFlight::derive(HashRound& round, const HmacState& secret, const LabelMessage& label,
                               const std::uint8_t* digest, PaddedMessage<1>& message, std::uint8_t* out) {
  message = label.message;
  copy_digest(hash_, digest, message.at(label.context_at));
  round.mac(hash_, secret, message.data(), 1, out);
}

// Early Secret = HKDF-Extract(0, PSK).
void Tls13ServerFlight::early_secret(HashRound& round) {
  if (job_.psk.size() > PaddedMessage<1>::capacity(hash_)) {
    constants_.zero_salt.mac({job_.psk}, MutableBytes(secret_).first(size_));
    return;
  }
  client_message_.assign(hash_, {job_.psk});
  round.mac(hash_, constants_.zero_salt.state(), client_message_.data(), 1, secret_.data());
}

void Tls13ServerFlight::early_secret_key(HashRound& round) {
  round.key(hash_, digest_bytes(secret_.data()), secret_state_);
}

void Tls13ServerFlight::early_derived(HashRound& round) {
  round.mac(hash_, secret_state_, constants_.derived, derived_.data());
}

void Tls13ServerFlight::handshake_salt(HashRound& round) {
  round.key(hash_, digest_bytes(derived_.data()), derived_state_);
}

// Handshake Secret = HKDF-Extract(salt, (EC)DHE); a secret that is not available is a string of zeros. Beside it, the
// transcript up to CertificateVerify, which needs no secret.
void Tls13ServerFlight::handshake_secret(HashRound& round) {
  static_assert(kMaxSharedSecret <= PaddedMessage<1>::capacity(Hash::sha256));
  const PaddedMessage<1>* message = &constants_.zeros;
  if (!job_.shared_secret.empty()) {
    client_message_.assign(hash_, {job_.shared_secret});
    message = &client_message_;
  }
  round.mac(hash_, *salt_, message->data(), 1, secret_.data());
  round.append(*job_.transcript, job_.before_finished);
  round.digest(*job_.transcript, {digest_message_.at(0), size_});
}

void Tls13ServerFlight::handshake_secret_key(HashRound& round) {
  round.key(hash_, digest_bytes(secret_.data()), secret_state_);
}

void Tls13ServerFlight::handshake_traffic_secrets(HashRound& round) {
  const std::uint8_t* const hellos = job_.hello_digest.data();
  derive(round, secret_state_, constants_.client_handshake_traffic, hellos, client_message_, client_traffic_.data());
  derive(round, secret_state_, constants_.server_handshake_traffic, hellos, server_message_, server_traffic_.data());
  round.mac(hash_, secret_state_, constants_.derived, derived_.data());
}

void Tls13ServerFlight::handshake_traffic_keys_of_secrets(HashRound& round) {
  round.key(hash_, digest_bytes(client_traffic_.data()), client_state_);
  round.key(hash_, digest_bytes(server_traffic_.data()), server_state_);
  round.key(hash_, digest_bytes(derived_.data()), derived_state_);
}

// Section 7.3, section 4.4.4's finished_key, and Master Secret = HKDF-Extract(derived, 0).
void Tls13ServerFlight::handshake_keys_and_master_secret(HashRound& round) {
  client_keys_.expand(round, constants_, client_state_, *job_.client_handshake_keys);
  server_keys_.expand(round, constants_, server_state_, *job_.server_handshake_keys);
  round.mac(hash_, client_state_, constants_.finished, client_finished_key_.data());
  round.mac(hash_, server_state_, constants_.finished, server_finished_key_.data());
  round.mac(hash_, derived_state_, constants_.constant_zeros, secret_.data());
}

void Tls13ServerFlight::finished_keys(HashRound& round) {
  client_keys_.take(*job_.client_handshake_keys);
  server_keys_.take(*job_.server_handshake_keys);
  copy_digest(hash_, secret_.data(), job_.master_secret.writable().data());
  copy_digest(hash_, client_finished_key_.data(), job_.client_finished_key.writable().data());
  if (job_.secrets != nullptr) {
    job_.secrets->client_handshake_traffic.assign(digest_bytes(client_traffic_.data()));
    job_.secrets->server_handshake_traffic.assign(digest_bytes(server_traffic_.data()));
  }
  round.key(hash_, digest_bytes(server_finished_key_.data()), server_state_);
  round.key(hash_, digest_bytes(client_finished_key_.data()), client_state_);
  round.key(hash_, digest_bytes(secret_.data()), secret_state_);
}

// The server's verify_data (section 4.4.4), in its message: type, a length of three bytes, verify_data (section 4).
void Tls13ServerFlight::server_finished(HashRound& round) {
  finished_message_[0] = 20;
  finished_message_[1] = 0;
  finished_message_[2] = 0;
  finished_message_[3] = static_cast<std::uint8_t>(size_);
  round.mac(hash_, server_state_, digest_message_.data(), 1, &finished_message_[4]);
}

void Tls13ServerFlight::flight_digest(HashRound& round) {
  copy_digest(hash_, &finished_message_[4], job_.server_finished.data());
  round.append(*job_.transcript, Bytes(finished_message_).first(4 + size_));
  round.digest(*job_.transcript, {digest_message_.at(0), size_});
}

// And the client's verify_data, should the client send nothing but Finished. Behind early data it covers EndOfEarlyData
// besides (section 4.4.4), and comes a step later.
void Tls13ServerFlight::application_traffic_secrets(HashRound& round) {
  const std::uint8_t* const digest = digest_message_.data();
  derive(round, secret_state_, constants_.client_application_traffic, digest, client_message_,
         job_.client_application_secret.writable().data());
  derive(round, secret_state_, constants_.server_application_traffic, digest, server_message_,
         job_.server_application_secret.writable().data());
  if (job_.secrets != nullptr)
    derive(round, secret_state_, constants_.exporter_master, digest, exporter_message_,
           job_.secrets->exporter_master.writable().data());
  if (!job_.early_data) {
    round.mac(hash_, client_state_, digest, 1, job_.client_finished.writable().data());
    return;
  }
  derived_state_ = client_state_;
  round.append(*job_.transcript, kEndOfEarlyData);
  round.digest(*job_.transcript, {digest_message_.at(0), size_});
}

void Tls13ServerFlight::application_traffic_keys_of_secrets(HashRound& round) {
  round.key(hash_, job_.client_application_secret.expose(size_), client_state_);
  round.key(hash_, job_.server_application_secret.expose(size_), server_state_);
  if (job_.early_data)
    round.mac(hash_, derived_state_, digest_message_.data(), 1, job_.client_finished.writable().data());
}

void Tls13ServerFlight::application_keys(HashRound& round) {
  client_keys_.expand(round, constants_, client_state_, *job_.client_application_keys);
  server_keys_.expand(round, constants_, server_state_, *job_.server_application_keys);
}

void Tls13ServerFlight::take_application_keys(HashRound& /*round*/) {
  client_keys_.take(*job_.client_application_keys);
  server_keys_.take(*job_.server_application_keys);
}

bool Tls13KeyUpdate::step(HashRound& round) {
  const MutableBytes secret = job_.secret->writable(digest_size(job_.hash));
  switch (next_++) {
    case 0:
    case 2:
      round.key(job_.hash, secret, state_);
      return true;
    case 1:
      round.mac(job_.hash, state_, constants_.traffic_update, secret.data());
      return true;
    case 3:
      keys_.expand(round, constants_, state_, *job_.keys);
      return true;
    default:
      keys_.take(*job_.keys);
      return false;
  }
}

// Early Secret = HKDF-Extract(0, PSK), binder_key = Derive-Secret(., "res binder", ""), and from that as from any base
// key the value of a Finished over the transcript (sections 7.1, 4.2.11.2, 4.4.4).
bool Tls13Binder::step(HashRound& round) {
  const Hash hash = constants_.hash;
  const std::size_t size = digest_size(hash);
  switch (next_++) {
    case 0:
      psk_message_.assign(hash, {job_.psk});
      round.mac(hash, constants_.zero_salt.state(), psk_message_.data(), 1, secret_.data());
      round.append(*job_.transcript, job_.truncated_hello);
      round.digest(*job_.transcript, {digest_message_.at(0), size});
      return true;
    case 1:
    case 3:
    case 5:
      round.key(hash, Bytes(secret_).first(size), state_);
      return true;
    case 2:
      round.mac(hash, state_, constants_.resumption_binder, secret_.data());
      return true;
    case 4:
      round.mac(hash, state_, constants_.finished, secret_.data());
      return true;
    case 6:
      round.mac(hash, state_, digest_message_.data(), 1, job_.binder.writable().data());
      return true;
    default:
      return false;
  }
}

// Early Secret = HKDF-Extract(0, PSK), Derive-Secret(., "c e traffic", ClientHello), and its keys (sections 7.1, 7.3).
bool Tls13EarlyData::step(HashRound& round) {
  const Hash hash = constants_.hash;
  const std::size_t size = digest_size(hash);
  switch (next_++) {
    case 0:
      psk_message_.assign(hash, {job_.psk});
      round.mac(hash, constants_.zero_salt.state(), psk_message_.data(), 1, secret_.data());
      round.append(*job_.transcript, job_.binders);
      round.digest(*job_.transcript, {message_.at(constants_.client_early_traffic.context_at), size});
      return true;
    case 1:
    case 3:
      round.key(hash, Bytes(secret_).first(size), state_);
      return true;
    case 2:
      round.mac(hash, state_, message_.data(), 1, secret_.data());
      return true;
    case 4:
      if (job_.traffic_secret != nullptr) job_.traffic_secret->assign(Bytes(secret_).first(size));
      keys_.expand(round, constants_, state_, *job_.keys);
      return true;
    default:
      keys_.take(*job_.keys);
      return false;
  }
}

// Derive-Secret(Master Secret, "res master", ClientHello..client Finished), and HKDF-Expand-Label(., "resumption",
// nonce) for each ticket (sections 7.1, 4.6.1).
bool Tls13Resumption::step(HashRound& round) {
  const Hash hash = constants_.hash;
  const std::size_t size = digest_size(hash);
  const MutableBytes secret = job_.resumption_secret.writable(size);
  switch (next_++) {
    case 0:
      round.key(hash, job_.master_secret->expose(size), state_);
      round.append(*job_.transcript, job_.client_finished);
      round.digest(*job_.transcript, {message_.at(constants_.resumption_master.context_at), size});
      return true;
    case 1:
      round.mac(hash, state_, message_.data(), 1, secret.data());
      return true;
    case kFirstStepWithSecret:
      round.key(hash, secret, state_);
      return true;
    case 3:
      for (std::size_t i = 0; i < job_.count; ++i) psk(round, i);
      return true;
    default:
      return false;
  }
}

// Nonces are short; one that needs more than a block (34 bytes with SHA-256) has its PSK made at once.
void Tls13Resumption::psk(HashRound& round, std::size_t i) {
  constexpr std::uint8_t kCounter = 1;
  const Hash hash = constants_.hash;
  const std::size_t size = digest_size(hash);
  const HkdfLabel label("resumption", job_.nonces[i], size);
  if (label.bytes().size() + 1 > PaddedMessage<1>::capacity(hash)) {
    HmacKey(hash, job_.resumption_secret.expose(size))
        .mac({label.bytes(), Bytes(&kCounter, 1)}, job_.psks[i].writable(size));
    return;
  }
  psk_messages_[i].assign(hash, {label.bytes(), Bytes(&kCounter, 1)});
  round.mac(hash, state_, psk_messages_[i].data(), 1, job_.psks[i].writable().data());
}

// HMAC(finished_key, Transcript-Hash(...)) (section 4.4.4).
bool Tls13ClientFinished::step(HashRound& round) {
  const std::size_t size = digest_size(hash_);
  switch (next_++) {
    case 0:
      round.key(hash_, job_.finished_key->expose(size), key_);
      round.append(*job_.transcript, job_.before_finished);
      round.digest(*job_.transcript, {digest_message_.at(0), size});
      return true;
    case 1:
      round.mac(hash_, key_, digest_message_.data(), 1, job_.client_finished.writable().data());
      return true;
    default:
      return false;
  }
}

}  // namespace lockstep::crypto
