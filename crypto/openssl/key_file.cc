#include "crypto/openssl/key_file.h"

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <climits>

#include "crypto/base/secret.h"
#include "crypto/openssl/key.h"

namespace lockstep::crypto {
namespace {

struct KeyClass {
  KeyType type;
  unsigned bits;
};

struct Passphrase {
  std::string_view text;
  bool asked = false;
};

/// libcrypto asks only when the key is encrypted.
int give_passphrase(char* buffer, int size, int, void* context) {
  auto& passphrase = *static_cast<Passphrase*>(context);
  passphrase.asked = true;
  if (passphrase.text.empty() || passphrase.text.size() > static_cast<std::size_t>(size)) return -1;
  std::copy(passphrase.text.begin(), passphrase.text.end(), buffer);
  return static_cast<int>(passphrase.text.size());
}

std::string curve_of(const EVP_PKEY* pkey) {
  std::array<char, 64> name{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(pkey, name.data(), name.size(), &size) != 1) return "unnamed";
  return {name.data(), size};
}

Result<KeyClass, std::string> classify(const EVP_PKEY* pkey) {
  if (EVP_PKEY_is_a(pkey, "RSA") == 1) {
    const int bits = EVP_PKEY_get_bits(pkey);
    if (bits < 2048 || bits > 4096)
      return Failure{"the RSA key has " + std::to_string(bits) + " bits; use 2048 to 4096 bits"};
    return KeyClass{KeyType::rsa, static_cast<unsigned>(bits)};
  }
  if (EVP_PKEY_is_a(pkey, "ED25519") == 1) return KeyClass{KeyType::ed25519, 255};
  if (EVP_PKEY_is_a(pkey, "EC") == 1) {
    const std::string curve = curve_of(pkey);
    if (curve == "prime256v1") return KeyClass{KeyType::ecdsa_p256, 256};
    if (curve == "secp384r1") return KeyClass{KeyType::ecdsa_p384, 384};
    return Failure{"the key is on the curve " + curve + "; use P-256 (prime256v1) or P-384 (secp384r1)"};
  }
  const char* const name = EVP_PKEY_get0_type_name(pkey);
  return Failure{std::string("keys of type ") + (name == nullptr ? "unknown" : name) +
                 " cannot be used; use RSA, ECDSA P-256 or P-384, or Ed25519"};
}

SignatureScheme trial_scheme(KeyType type) {
  switch (type) {
    case KeyType::rsa:
      break;
    case KeyType::ecdsa_p256:
      return SignatureScheme::ecdsa_secp256r1_sha256;
    case KeyType::ecdsa_p384:
      return SignatureScheme::ecdsa_secp384r1_sha384;
    case KeyType::ed25519:
      return SignatureScheme::ed25519;
  }
  return SignatureScheme::rsa_pss_rsae_sha256;
}

/// Makes a signature and verifies it with the public half; a damaged key fails.
bool proves_itself(const OpensslKey& key) {
  constexpr std::array<std::uint8_t, 4> kContent = {'t', 'e', 's', 't'};
  std::array<std::uint8_t, kMaxSignature> signature{};
  const SignatureScheme scheme = trial_scheme(key.type());
  const std::size_t size = key.sign(scheme, kContent, signature);
  return size != 0 && key.verify(scheme, kContent, Bytes(signature).first(size));
}

std::string unreadable(std::string_view pem, const Passphrase& passphrase) {
  if (passphrase.asked && !passphrase.text.empty())
    return "the private key cannot be decrypted with the passphrase; have the right one given";
  if (passphrase.asked || key_is_encrypted(pem))
    return "the private key is encrypted with a passphrase; set passphrase_command, or decrypt it with "
           "'openssl pkey -in KEY -out DECRYPTED' and let file permissions protect it";
  if (pem.find("PRIVATE KEY-----") != std::string_view::npos)
    return "the private key is damaged: what stands between its BEGIN and END lines cannot be decoded; copy the file "
           "again or make a new key";
  if (pem.find("BEGIN CERTIFICATE") != std::string_view::npos)
    return "there is a certificate but no private key in it; name the file that has '-----BEGIN PRIVATE KEY-----'";
  return "no private key in PEM form in it ('-----BEGIN PRIVATE KEY-----'); convert other forms with "
         "'openssl pkey -inform DER -in KEY -out KEY.pem'";
}

/// Whether the first private key of `pem`, of whatever form, begins with `line`.
bool first_key_is(std::string_view pem, std::string_view line) {
  const std::size_t label = pem.find("PRIVATE KEY-----");
  return label != std::string_view::npos && pem.substr(0, label + 16).ends_with(line);
}

/// Decodes keys in the usual form (PKCS #8, not encrypted). libcrypto sets up decoders for every type there is each
/// time that it is asked for a key, which is most of what loading one takes: this sets them up once.
class Pkcs8Decoder {
 public:
  Pkcs8Decoder()
      : context_(OSSL_DECODER_CTX_new_for_pkey(&decoded_, "DER", "PrivateKeyInfo", nullptr, EVP_PKEY_KEYPAIR, nullptr,
                                               nullptr)) {}
  /// nullptr: another form, or damaged.
  UniquePkey decode(Bytes der) {
    decoded_ = nullptr;
    const unsigned char* at = der.data();
    std::size_t size = der.size();
    const bool whole = context_ != nullptr && OSSL_DECODER_from_data(context_.get(), &at, &size) == 1 && size == 0;
    UniquePkey pkey(decoded_);
    return whole ? std::move(pkey) : nullptr;
  }

 private:
  EVP_PKEY* decoded_ = nullptr;  // where the context puts what it decodes
  std::unique_ptr<OSSL_DECODER_CTX, Release<OSSL_DECODER_CTX_free>> context_;
};

UniquePkey read_pkcs8(std::string_view pem) {
  thread_local Pkcs8Decoder decoder;
  const UniqueBio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  unsigned char* der = nullptr;
  long size = 0;
  if (bio == nullptr || PEM_bytes_read_bio(&der, &size, nullptr, PEM_STRING_PKCS8INF, bio.get(), nullptr, nullptr) != 1)
    return nullptr;
  UniquePkey pkey = decoder.decode({der, static_cast<std::size_t>(size)});
  OPENSSL_clear_free(der, static_cast<std::size_t>(size));
  return pkey;
}

}  // namespace

bool key_is_encrypted(std::string_view pem) {
  // "-----BEGIN ENCRYPTED PRIVATE KEY-----", or a header in the block of any other private key.
  constexpr std::string_view kBegin = "-----BEGIN ", kKey = "PRIVATE KEY-----";
  const std::size_t label = pem.find(kKey);
  const std::size_t begin = label == std::string_view::npos ? label : pem.rfind(kBegin, label);
  if (begin == std::string_view::npos) return false;
  const std::string_view block = pem.substr(begin, pem.find("-----END", label) - begin);
  return block.substr(kBegin.size()).starts_with("ENCRYPTED ") ||
         block.find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos;
}

Result<std::unique_ptr<PrivateKey>, std::string> load_private_key(std::string_view pem, std::string_view passphrase) {
  if (pem.size() > INT_MAX) return Failure{std::string("the file is too large for a private key")};
  Passphrase given{passphrase};
  UniquePkey pkey;
  if (first_key_is(pem, "-----BEGIN PRIVATE KEY-----")) pkey = read_pkcs8(pem);
  if (pkey == nullptr) {
    const UniqueBio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    if (bio == nullptr) return Failure{std::string("libcrypto is out of memory")};
    pkey.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, &given));
  }
  ERR_clear_error();
  if (pkey == nullptr) return Failure{unreadable(pem, given)};
  const Result<KeyClass, std::string> found = classify(pkey.get());
  if (!found) return Failure{found.error()};

  std::unique_ptr<OpensslKey> key = OpensslKey::prepare(std::move(pkey), found.value().type, found.value().bits);
  if (key == nullptr) return Failure{std::string("libcrypto cannot use the private key; make a new one")};
  if (!proves_itself(*key))
    return Failure{
        std::string("the private key is damaged: signatures made with it do not verify; copy the file again "
                    "or make a new key")};
  return std::unique_ptr<PrivateKey>(std::move(key));
}

}  // namespace lockstep::crypto
