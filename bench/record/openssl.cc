// libcrypto as libssl uses it: one cipher context per connection and direction, its key set once.
#include <openssl/core_names.h>
#include <openssl/params.h>

#include <cstring>

#include "bench/record/contender.h"
#include "crypto/base/constant_time.h"
#include "crypto/openssl/handles.h"

namespace lockstep::bench {
namespace {

using crypto::UniqueCipher;
using crypto::UniqueCipherContext;

class OpensslAead final : public Contender {
 public:
  OpensslAead(const Suite& suite, std::size_t bytes, std::size_t connections)
      : Contender(suite, bytes, connections), ivs_(connections) {
    constexpr std::array kNames = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};
    cipher_.reset(EVP_CIPHER_fetch(nullptr, kNames[static_cast<std::size_t>(suite.aead)], nullptr));
    for (std::size_t i = 0; i < connections; ++i) {
      std::array<std::uint8_t, 32> key;
      random_.fill(key);
      random_.fill(ivs_[i]);
      sealing_.emplace_back(EVP_CIPHER_CTX_new());
      EVP_EncryptInit_ex2(sealing_.back().get(), cipher_.get(), key.data(), ivs_[i].data(), nullptr);
      if (connections > kBatch) continue;
      opening_.emplace_back(EVP_CIPHER_CTX_new());
      EVP_DecryptInit_ex2(opening_.back().get(), cipher_.get(), key.data(), ivs_[i].data(), nullptr);
    }
  }
  bool ready() const override { return cipher_ != nullptr; }

  bool seal() override {
    const auto& chosen = choose();
    bool good = true;
    for (std::size_t i = 0; i < kBatch; ++i) {
      std::uint8_t* const record = records_[i].data();
      std::uint8_t* const out = record + kHeader;
      EVP_CIPHER_CTX* const context = sealing_[chosen[i]].get();
      write_header(record, records_[i].size() - kHeader);
      std::array<std::uint8_t, crypto::kAeadNonce> nonce;
      write_nonce(ivs_[chosen[i]].data(), sequence_numbers_[chosen[i]]++, nonce.data());
      int length = 0;
      good &= EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
              EVP_EncryptUpdate(context, nullptr, &length, record, kHeader) == 1 &&
              encrypt(context, out, plaintexts_[i].data()) && EVP_EncryptFinal_ex(context, out, &length) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, crypto::kAeadTag, out + bytes_ + 1) == 1;
    }
    return good;
  }
  bool open() override {
    bool good = true;
    for (std::size_t i = 0; i < kBatch; ++i) {
      std::uint8_t* const record = records_[i].data();
      std::uint8_t* const text = record + kHeader;
      EVP_CIPHER_CTX* const context = opening_[chosen()[i]].get();
      std::array<std::uint8_t, crypto::kAeadNonce> nonce;
      write_nonce(ivs_[chosen()[i]].data(), sequence_numbers_[chosen()[i]] - 1, nonce.data());
      int length = 0;
      good &= EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
              EVP_DecryptUpdate(context, nullptr, &length, record, kHeader) == 1 &&
              EVP_DecryptUpdate(context, text, &length, text, static_cast<int>(bytes_ + 1)) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, crypto::kAeadTag, text + bytes_ + 1) == 1 &&
              EVP_DecryptFinal_ex(context, text + bytes_ + 1, &length) == 1;
    }
    return good;
  }

 private:
  /// Content and content type in one call over a copy, or as two pieces: what is quicker at this size.
  bool encrypt(EVP_CIPHER_CTX* context, std::uint8_t* out, const std::uint8_t* plaintext) const {
    constexpr std::size_t kCopyBelow = 4096;
    int length = 0;
    if (bytes_ < kCopyBelow) {
      std::memcpy(out, plaintext, bytes_);
      out[bytes_] = 23;
      return EVP_EncryptUpdate(context, out, &length, out, static_cast<int>(bytes_ + 1)) == 1;
    }
    out[bytes_] = 23;
    return EVP_EncryptUpdate(context, out, &length, plaintext, static_cast<int>(bytes_)) == 1 &&
           EVP_EncryptUpdate(context, out + bytes_, &length, out + bytes_, 1) == 1;
  }

  UniqueCipher cipher_;
  std::vector<UniqueCipherContext> sealing_;
  std::vector<UniqueCipherContext> opening_;
  std::vector<std::array<std::uint8_t, crypto::kAeadNonce>> ivs_;
};

/// The ciphers that do AES-CBC and HMAC in one go, which libssl takes where they exist.
class OpensslStitched final : public Contender {
 public:
  OpensslStitched(const Suite& suite, std::size_t bytes, std::size_t connections)
      : Contender(suite, bytes, connections) {
    cipher_.reset(EVP_CIPHER_fetch(
        nullptr,
        suite.cbc_suite == crypto::CbcSuite::aes_128_sha1 ? "AES-128-CBC-HMAC-SHA1" : "AES-128-CBC-HMAC-SHA256",
        nullptr));
    if (cipher_ == nullptr) return;
    const std::size_t mac = crypto::mac_size(suite.cbc_suite);
    for (std::size_t i = 0; i < connections; ++i) {
      std::array<std::uint8_t, 16> key;
      std::array<std::uint8_t, crypto::kMaxMac> mac_key;
      random_.fill(key);
      random_.fill(mac_key);
      for (auto* const contexts : {&sealing_, &opening_}) {
        contexts->emplace_back(EVP_CIPHER_CTX_new());
        EVP_CIPHER_CTX* const context = contexts->back().get();
        EVP_CipherInit_ex2(context, cipher_.get(), key.data(), key.data(), contexts == &sealing_ ? 1 : 0, nullptr);
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_MAC_KEY, static_cast<int>(mac), mac_key.data());
      }
    }
  }
  bool ready() const override { return cipher_ != nullptr; }

  bool seal() override {
    const auto& chosen = choose();
    bool good = true;
    for (std::size_t i = 0; i < kBatch; ++i) {
      std::uint8_t* const record = records_[i].data();
      std::uint8_t* const fragment = record + kHeader;
      const std::size_t size = records_[i].size() - kHeader;
      write_header(record, size);
      random_.fill({fragment, crypto::kCbcBlock});
      std::memcpy(fragment + crypto::kCbcBlock, plaintexts_[i].data(), bytes_);
      good &= process(sealing_[chosen[i]].get(), fragment, size, crypto::kCbcBlock + bytes_,
                      sequence_numbers_[chosen[i]]++);
    }
    return good;
  }
  bool open() override {
    bool good = true;
    for (std::size_t i = 0; i < kBatch; ++i) {
      std::uint8_t* const fragment = records_[i].data() + kHeader;
      const std::size_t size = records_[i].size() - kHeader;
      good &= process(opening_[chosen()[i]].get(), fragment, size, size, sequence_numbers_[chosen()[i]] - 1);
    }
    return good;
  }

 private:
  /// `said` is the length in the additional data: the content's with its IV when sealing, the fragment's when opening.
  static bool process(EVP_CIPHER_CTX* context, std::uint8_t* fragment, std::size_t size, std::size_t said,
                      std::uint64_t sequence_number) {
    std::array<std::uint8_t, EVP_AEAD_TLS1_AAD_LEN> aad = {};
    Writer writer(aad);
    writer.u64(sequence_number);
    writer.u8(23);
    writer.u16(0x0303);
    writer.u16(static_cast<std::uint16_t>(said));
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_TLS1_AAD, EVP_AEAD_TLS1_AAD_LEN, aad.data()) > 0 &&
           EVP_Cipher(context, fragment, fragment, static_cast<unsigned>(size)) > 0;
  }

  UniqueCipher cipher_;
  std::vector<UniqueCipherContext> sealing_;
  std::vector<UniqueCipherContext> opening_;
};

/// Cipher and HMAC apart, for suites without a stitched cipher; opening through the provider's constant-time TLS paths.
class OpensslCbc final : public Contender {
 public:
  OpensslCbc(const Suite& suite, std::size_t bytes, std::size_t connections) : Contender(suite, bytes, connections) {
    cipher_.reset(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr));
    const crypto::UniqueMac hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    std::array<char, 7> digest = {"SHA384"};
    const std::array<OSSL_PARAM, 2> mac_params = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
    int version = 0x0303;
    const std::array<OSSL_PARAM, 3> tls = {OSSL_PARAM_construct_int(OSSL_CIPHER_PARAM_TLS_VERSION, &version),
                                           OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_TLS_MAC_SIZE, &mac_),
                                           OSSL_PARAM_construct_end()};
    for (std::size_t i = 0; i < connections; ++i) {
      std::array<std::uint8_t, 32> key;
      std::array<std::uint8_t, crypto::kMaxMac> mac_key;
      random_.fill(key);
      random_.fill(mac_key);
      sealing_.emplace_back(EVP_CIPHER_CTX_new());
      opening_.emplace_back(EVP_CIPHER_CTX_new());
      macs_.emplace_back(EVP_MAC_CTX_new(hmac.get()));
      EVP_EncryptInit_ex2(sealing_.back().get(), cipher_.get(), key.data(), key.data(), tls.data());
      EVP_DecryptInit_ex2(opening_.back().get(), cipher_.get(), key.data(), key.data(), tls.data());
      EVP_MAC_init(macs_.back().get(), mac_key.data(), mac_, mac_params.data());
    }
  }
  bool ready() const override { return cipher_ != nullptr; }

  bool seal() override {
    const auto& chosen = choose();
    bool good = true;
    for (std::size_t i = 0; i < kBatch; ++i) {
      std::uint8_t* const record = records_[i].data();
      std::uint8_t* const fragment = record + kHeader;
      std::uint8_t* const content = fragment + crypto::kCbcBlock;
      write_header(record, records_[i].size() - kHeader);
      random_.fill({fragment, crypto::kCbcBlock});
      std::memcpy(content, plaintexts_[i].data(), bytes_);
      int length = 0;
      good &= mac(chosen[i], {content, bytes_}, sequence_numbers_[chosen[i]]++, 0, content + bytes_) &&
              EVP_EncryptUpdate(sealing_[chosen[i]].get(), fragment, &length, fragment,
                                static_cast<int>(crypto::kCbcBlock + bytes_ + mac_)) == 1;
    }
    return good;
  }
  bool open() override {
    bool good = true;
    for (std::size_t i = 0; i < kBatch; ++i) {
      std::uint8_t* const fragment = records_[i].data() + kHeader;
      const std::size_t size = records_[i].size() - kHeader;
      EVP_CIPHER_CTX* const context = opening_[chosen()[i]].get();
      int length = 0;
      const std::uint8_t* received = nullptr;
      std::array<std::uint8_t, crypto::kMaxMac> expected;
      std::array<OSSL_PARAM, 2> query = {
          OSSL_PARAM_construct_octet_ptr(OSSL_CIPHER_PARAM_TLS_MAC,
                                         reinterpret_cast<void**>(const_cast<std::uint8_t**>(&received)), mac_),
          OSSL_PARAM_construct_end()};
      good &= EVP_DecryptUpdate(context, fragment, &length, fragment, static_cast<int>(size)) == 1 &&
              EVP_CIPHER_CTX_get_params(context, query.data()) == 1 &&
              mac(chosen()[i], {fragment + crypto::kCbcBlock, static_cast<std::size_t>(length)},
                  sequence_numbers_[chosen()[i]] - 1, size - crypto::kCbcBlock, expected.data()) &&
              equal_constant_time(expected, {received, mac_});
    }
    return good;
  }

 private:
  bool mac(std::uint32_t connection, Bytes content, std::uint64_t sequence_number, std::size_t tls_size,
           std::uint8_t* out) {
    std::array<std::uint8_t, 13> header;
    Writer writer(header);
    writer.u64(sequence_number);
    writer.u8(23);
    writer.u16(0x0303);
    writer.u16(static_cast<std::uint16_t>(content.size()));
    const std::array<OSSL_PARAM, 2> params = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_TLS_DATA_SIZE, &tls_size),
                                              OSSL_PARAM_construct_end()};
    // libssl copies the connection's context for each record, too.
    const crypto::UniqueMacContext context(EVP_MAC_CTX_dup(macs_[connection].get()));
    std::size_t length = 0;
    return (tls_size == 0 || EVP_MAC_CTX_set_params(context.get(), params.data()) == 1) &&
           EVP_MAC_update(context.get(), header.data(), header.size()) == 1 &&
           EVP_MAC_update(context.get(), content.data(), content.size()) == 1 &&
           EVP_MAC_final(context.get(), out, &length, mac_) == 1;
  }

  std::size_t mac_ = crypto::mac_size(crypto::CbcSuite::aes_256_sha384);
  UniqueCipher cipher_;
  std::vector<UniqueCipherContext> sealing_;
  std::vector<UniqueCipherContext> opening_;
  std::vector<crypto::UniqueMacContext> macs_;
};

}  // namespace

std::unique_ptr<Contender> make_openssl(const Suite& suite, std::size_t bytes, std::size_t connections) {
  if (!suite.cbc) return std::make_unique<OpensslAead>(suite, bytes, connections);
  if (suite.cbc_suite == crypto::CbcSuite::aes_256_sha384)
    return std::make_unique<OpensslCbc>(suite, bytes, connections);
  return std::make_unique<OpensslStitched>(suite, bytes, connections);
}

}  // namespace lockstep::bench
