// Known answers of the public-key kinds.
#include <openssl/err.h>

#include <memory>
#include <mutex>

#include "crypto/openssl/key.h"
#include "crypto/openssl/key_numbers.h"
#include "crypto/openssl/self_test_parts.h"

namespace lockstep::crypto::self_test_parts {
namespace {

const char* name_of(NamedGroup group) {
  return group == NamedGroup::x25519 ? "X25519" : group == NamedGroup::secp256r1 ? "P-256" : "P-384";
}

struct Known {
  NamedGroup group;
  std::string_view private_key;
  std::string_view peer;
  std::string_view shared_secret;
};

/// X25519: RFC 7748 section 5.2. The curves: 0x010203... times the base point, by textbook affine arithmetic.
constexpr std::array kKnown = {
    Known{NamedGroup::x25519, "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
          "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
          "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
    Known{NamedGroup::secp256r1, "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
          "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
          "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
          "515c3d6eb9e396b904d3feca7f54fdcd0cc1e997bf375dca515ad0a6c3b4035f"},
    Known{NamedGroup::secp384r1,
          "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
          "2122232425262728292a2b2c2d2e2f30",
          "04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
          "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
          "c76f2283dda95cd49b0ed9e733d2904474e37216f124e13d2c9ab4cf01021c49ad9cabb3d0b97499aef2f0ab313fa028"},
};

void copy(Bytes from, MutableBytes to) {
  for (std::size_t i = 0; i < from.size() && i < to.size(); ++i) to[i] = from[i];
}

Complaint derive_known(Engine& engine, const Known& known) {
  Secret<kMaxSharedSecret> private_key;
  private_key.assign(from_hex(known.private_key));
  DeriveJob good;
  DeriveJob bad;  // X25519: the point of order one; the curves: not on the curve
  for (DeriveJob* const job : {&good, &bad}) {
    job->group = known.group;
    job->private_key = &private_key;
  }
  const std::vector<std::uint8_t> peer = from_hex(known.peer);
  copy(peer, good.peer_public_key);
  if (known.group != NamedGroup::x25519) copy(peer, bad.peer_public_key);
  if (known.group != NamedGroup::x25519) bad.peer_public_key[1] ^= 1U;
  const std::array<Job*, 2> jobs = {&bad, &good};
  if (!run(engine, jobs) || good.status != JobStatus::ok ||
      !equal(good.shared_secret.expose(shared_secret_size(known.group)), from_hex(known.shared_secret)))
    return std::string(name_of(known.group)) + " shared secret is wrong";
  if (bad.status != JobStatus::bad_peer_key) return std::string(name_of(known.group)) + " takes an invalid peer key";
  return {};
}

/// Fresh pairs of `engine` and of `reference` agree on a secret.
bool pairs_agree(Engine& engine, Engine& reference, NamedGroup group) {
  KeyShareJob ours;
  KeyShareJob theirs;
  ours.group = theirs.group = group;
  if (!succeeds(engine, ours) || !succeeds(reference, theirs)) return false;
  DeriveJob first;
  DeriveJob second;
  first.group = second.group = group;
  first.private_key = &ours.private_key;
  first.peer_public_key = theirs.public_key;
  second.private_key = &theirs.private_key;
  second.peer_public_key = ours.public_key;
  const std::size_t size = shared_secret_size(group);
  return succeeds(reference, first) && succeeds(reference, second) &&
         equal(first.shared_secret.expose(size), second.shared_secret.expose(size));
}

}  // namespace

OpensslKey* key_of(KeyType type) {
  static const auto rsa = OpensslKey::prepare(UniquePkey(EVP_RSA_gen(2048)), KeyType::rsa, 2048);
  static const auto p256 = OpensslKey::prepare(UniquePkey(EVP_EC_gen("P-256")), KeyType::ecdsa_p256, 256);
  static const auto p384 = OpensslKey::prepare(UniquePkey(EVP_EC_gen("P-384")), KeyType::ecdsa_p384, 384);
  static const auto ed25519 =
      OpensslKey::prepare(UniquePkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")), KeyType::ed25519, 255);
  switch (type) {
    case KeyType::rsa:
      return rsa.get();
    case KeyType::ecdsa_p256:
      return p256.get();
    case KeyType::ecdsa_p384:
      return p384.get();
    case KeyType::ed25519:
      break;
  }
  return ed25519.get();
}

void prepare_key_once(KeyType type, void (*prepare_key)(PrivateKey&)) {
  static std::once_flag prepared[4];
  if (prepare_key != nullptr)
    std::call_once(prepared[static_cast<std::size_t>(type)], [&] { prepare_key(*key_of(type)); });
}

std::vector<SignatureScheme> schemes_of(KeyType type) {
  switch (type) {
    case KeyType::rsa:
      return {SignatureScheme::rsa_pss_rsae_sha256, SignatureScheme::rsa_pkcs1_sha256,
              SignatureScheme::rsa_pss_rsae_sha384, SignatureScheme::rsa_pkcs1_sha384};
    case KeyType::ecdsa_p256:
      return {SignatureScheme::ecdsa_secp256r1_sha256};
    case KeyType::ecdsa_p384:
      return {SignatureScheme::ecdsa_secp384r1_sha384};
    case KeyType::ed25519:
      break;
  }
  return {SignatureScheme::ed25519};
}

namespace {

bool signature_verifies(Engine& engine, const OpensslKey& key, SignatureScheme scheme) {
  const auto job = std::make_unique<SignJob>();
  const auto content = pattern(1, 100);
  job->key = &key;
  job->scheme = scheme;
  job->content_size = 100;
  copy(content, job->content);
  return succeeds(engine, *job) && key.verify(scheme, content, Bytes(job->signature).first(job->signature_size));
}

}  // namespace

Complaint key_share(Engine& engine, Engine& reference, NamedGroup group) {
  return pairs_agree(engine, reference, group) ? "" : std::string(name_of(group)) + " key pairs do not agree";
}

Complaint derive(Engine& engine, NamedGroup group) {
  for (const Known& known : kKnown)
    if (known.group == group) return derive_known(engine, known);
  return "no known answer";
}

Complaint sign(Engine& engine, KeyType type, void (*prepare_key)(PrivateKey&)) {
  OpensslKey* const key = key_of(type);
  ERR_clear_error();
  if (key == nullptr) return "libcrypto cannot make a key";
  prepare_key_once(type, prepare_key);
  for (const SignatureScheme scheme : schemes_of(type))
    if (!signature_verifies(engine, *key, scheme))
      return "signature of scheme " + std::to_string(static_cast<unsigned>(scheme)) + " does not verify";
  return {};
}

Complaint verify(Engine& engine, KeyType type) {
  const OpensslKey* const key = key_of(type);
  if (key == nullptr) return "libcrypto cannot make a key";
  const SignatureScheme scheme = schemes_of(type).front();
  const auto content = pattern(1, 100);
  const auto other = pattern(2, 100);
  std::array<std::uint8_t, kMaxSignature> signature{};
  const std::size_t size = key->sign(scheme, content, signature);
  const PeerKey peer = peer_key(*key);
  VerifyJob good;
  VerifyJob bad;
  for (VerifyJob* const job : {&good, &bad}) {
    job->key = &peer;
    job->scheme = scheme;
    job->signature = Bytes(signature).first(size);
  }
  good.content = content;
  bad.content = other;
  const std::array<Job*, 2> jobs = {&bad, &good};
  if (!run(engine, jobs) || good.status != JobStatus::ok) return "a valid signature is refused";
  if (bad.status != JobStatus::bad_signature) return "an invalid signature is taken";
  if (type == KeyType::ed25519) return {};
  std::array<std::array<std::uint8_t, kMaxDigest>, 2> digests{};
  const Hash hash = type == KeyType::ecdsa_p384 ? Hash::sha384 : Hash::sha256;
  digest_of(hash, content, digests[0]);
  digest_of(hash, other, digests[1]);
  good.hashed = bad.hashed = true;
  good.content = Bytes(digests[0]).first(digest_size(hash));
  bad.content = Bytes(digests[1]).first(digest_size(hash));
  if (!run(engine, jobs) || good.status != JobStatus::ok) return "a valid signature of a hash is refused";
  if (bad.status != JobStatus::bad_signature) return "an invalid signature of a hash is taken";
  return {};
}

}  // namespace lockstep::crypto::self_test_parts
