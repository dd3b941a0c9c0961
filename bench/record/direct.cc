// ipsec-mb called directly, as a program that has nothing but one batch of records would do: keys expanded ahead, no
// cache, no checks, nothing wiped.
#include <cstring>

#include "bench/record/contender.h"
#include "crypto/record/expanded_keys.h"

namespace lockstep::bench {
namespace {

struct ReleaseManager {
  void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
};

std::unique_ptr<IMB_MGR, ReleaseManager> make_manager() {
  std::unique_ptr<IMB_MGR, ReleaseManager> manager(alloc_mb_mgr(0));
  IMB_ARCH arch = IMB_ARCH_NONE;
  if (manager != nullptr) init_mb_mgr_auto(manager.get(), &arch);
  return manager;
}

class DirectAead final : public Contender {
 public:
  DirectAead(const Suite& suite, std::size_t bytes, std::size_t connections)
      : Contender(suite, bytes, connections), manager_(make_manager()), keys_(connections), ivs_(connections) {
    for (std::size_t i = 0; i < connections; ++i) {
      std::array<std::uint8_t, 32> key;
      random_.fill(key);
      random_.fill(ivs_[i]);
      if (suite.aead == crypto::Aead::aes_128_gcm)
        manager_->gcm128_pre(key.data(), &keys_[i].gcm);
      else if (suite.aead == crypto::Aead::aes_256_gcm)
        manager_->gcm256_pre(key.data(), &keys_[i].gcm);
      else
        std::memcpy(&keys_[i], key.data(), key.size());
    }
  }
  bool ready() const override { return manager_ != nullptr; }

  bool seal() override {
    const auto& chosen = choose();
    for (std::size_t i = 0; i < kBatch; ++i) {
      std::uint8_t* const record = records_[i].data();
      write_header(record, records_[i].size() - kHeader);
      std::array<std::uint8_t, crypto::kAeadNonce> nonce;
      write_nonce(ivs_[chosen[i]].data(), sequence_numbers_[chosen[i]]++, nonce.data());
      if (suite_.aead == crypto::Aead::chacha20_poly1305)
        chacha20(keys_[chosen[i]], nonce.data(), plaintexts_[i].data(), record);
      else if (suite_.aead == crypto::Aead::aes_128_gcm)
        gcm(manager_->gcm128_init, manager_->gcm128_enc, manager_->gcm128_enc_update, manager_->gcm128_enc_finalize,
            keys_[chosen[i]].gcm, nonce.data(), plaintexts_[i].data(), record);
      else
        gcm(manager_->gcm256_init, manager_->gcm256_enc, manager_->gcm256_enc_update, manager_->gcm256_enc_finalize,
            keys_[chosen[i]].gcm, nonce.data(), plaintexts_[i].data(), record);
    }
    return true;
  }
  bool open() override { return false; }

 private:
  /// One call over a copy for short records, where it is the quickest; the content type as a second piece for others.
  void gcm(aes_gcm_init_t init, aes_gcm_enc_dec_t whole, aes_gcm_enc_dec_update_t update,
           aes_gcm_enc_dec_finalize_t finalize, const gcm_key_data& key, const std::uint8_t* nonce,
           const std::uint8_t* plaintext, std::uint8_t* record) {
    std::uint8_t* const out = record + kHeader;
    if (bytes_ < 512) {
      std::memcpy(out, plaintext, bytes_);
      out[bytes_] = 23;
      whole(&key, &context_, out, out, bytes_ + 1, nonce, record, kHeader, out + bytes_ + 1, crypto::kAeadTag);
      return;
    }
    init(&key, &context_, nonce, record, kHeader);
    update(&key, &context_, out, plaintext, bytes_);
    out[bytes_] = 23;
    update(&key, &context_, out + bytes_, out + bytes_, 1);
    finalize(&key, &context_, out + bytes_ + 1, crypto::kAeadTag);
  }
  void chacha20(const crypto::ExpandedKey& key, const std::uint8_t* nonce, const std::uint8_t* plaintext,
                std::uint8_t* record) {
    std::uint8_t* const out = record + kHeader;
    std::memcpy(out, plaintext, bytes_);
    out[bytes_] = 23;
    manager_->chacha20_poly1305_init(&key, &chacha20_context_, nonce, record, kHeader);
    manager_->chacha20_poly1305_enc_update(&key, &chacha20_context_, out, out, bytes_ + 1);
    manager_->chacha20_poly1305_finalize(&chacha20_context_, out + bytes_ + 1, crypto::kAeadTag);
  }

  std::unique_ptr<IMB_MGR, ReleaseManager> manager_;
  std::vector<crypto::ExpandedKey> keys_;
  std::vector<std::array<std::uint8_t, crypto::kAeadNonce>> ivs_;
  gcm_context_data context_{};
  chacha20_poly1305_context_data chacha20_context_{};
};

/// MAC, then encryption, as one job each.
class DirectCbc final : public Contender {
 public:
  DirectCbc(const Suite& suite, std::size_t bytes, std::size_t connections)
      : Contender(suite, bytes, connections), manager_(make_manager()), keys_(connections) {
    for (crypto::ExpandedKey& each : keys_) {
      std::array<std::uint8_t, 32> key;
      std::array<std::uint8_t, crypto::kMaxMac> mac_key;
      random_.fill(key);
      random_.fill(mac_key);
      (crypto::key_size(suite.cbc_suite) == 16 ? manager_->keyexp_128 : manager_->keyexp_256)(
          key.data(), each.cbc.encrypt.data(), each.cbc.decrypt.data());
      crypto::expand_hmac(crypto::mac_hash(suite.cbc_suite), Bytes(mac_key).first(crypto::mac_size(suite.cbc_suite)),
                          each.cbc.hmac);
    }
  }
  bool ready() const override { return manager_ != nullptr; }

  bool seal() override {
    const auto& chosen = choose();
    std::size_t done = 0;
    for (std::size_t i = 0; i < kBatch; ++i) {
      write_header(records_[i].data(), records_[i].size() - kHeader);
      IMB_JOB& job = *IMB_GET_NEXT_JOB(manager_.get());
      fill(job, keys_[chosen[i]].cbc, plaintexts_[i], records_[i].data() + kHeader, sequence_numbers_[chosen[i]]++);
      for (const IMB_JOB* back = IMB_SUBMIT_JOB_NOCHECK(manager_.get()); back != nullptr;
           back = IMB_GET_COMPLETED_JOB(manager_.get()))
        finish(*back, done);
    }
    while (const IMB_JOB* const back = IMB_FLUSH_JOB(manager_.get())) finish(*back, done);
    return done == kBatch;
  }
  bool open() override { return false; }

 private:
  void fill(IMB_JOB& job, const crypto::CbcKey& key, const std::vector<std::uint8_t>& plaintext, std::uint8_t* fragment,
            std::uint64_t sequence_number) {
    const std::size_t mac = crypto::mac_size(suite_.cbc_suite);
    std::uint8_t* const content = fragment + crypto::kCbcBlock;
    crypto::write_mac_header({sequence_number, 23, 0x0303}, bytes_, content - crypto::kMacHeader);
    std::memcpy(content, plaintext.data(), bytes_);
    const std::size_t padding = crypto::kCbcBlock - 1 - (bytes_ + mac) % crypto::kCbcBlock;
    std::memset(content + bytes_ + mac, static_cast<int>(padding), padding + 1);
    std::array<std::uint8_t, crypto::kCbcBlock>& iv = ivs_[next_iv_++ % kBatch];
    random_.fill(iv);
    std::memset(&job, 0, sizeof job);
    job.enc_keys = key.encrypt.data();
    job.key_len_in_bytes = crypto::key_size(suite_.cbc_suite);
    job.src = content - crypto::kMacHeader;
    job.dst = content;
    job.cipher_start_src_offset_in_bytes = crypto::kMacHeader;
    job.msg_len_to_cipher_in_bytes = bytes_ + mac + padding + 1;
    job.msg_len_to_hash_in_bytes = crypto::kMacHeader + bytes_;
    job.iv = iv.data();
    job.iv_len_in_bytes = crypto::kCbcBlock;
    job.auth_tag_output = content + bytes_;
    job.auth_tag_output_len_in_bytes = mac;
    job.u.HMAC._hashed_auth_key_xor_ipad = key.hmac.inner.data();
    job.u.HMAC._hashed_auth_key_xor_opad = key.hmac.outer.data();
    job.cipher_mode = IMB_CIPHER_CBC;
    job.cipher_direction = IMB_DIR_ENCRYPT;
    job.hash_alg = mac == 20 ? IMB_AUTH_HMAC_SHA_1 : mac == 32 ? IMB_AUTH_HMAC_SHA_256 : IMB_AUTH_HMAC_SHA_384;
    job.chain_order = IMB_ORDER_HASH_CIPHER;
    job.user_data = fragment;
  }
  static void finish(const IMB_JOB& job, std::size_t& done) {
    std::memcpy(job.user_data, job.iv, crypto::kCbcBlock);
    if (job.status == IMB_STATUS_COMPLETED) ++done;
  }

  std::unique_ptr<IMB_MGR, ReleaseManager> manager_;
  std::vector<crypto::ExpandedKey> keys_;
  std::array<std::array<std::uint8_t, crypto::kCbcBlock>, kBatch> ivs_{};
  std::size_t next_iv_ = 0;
};

}  // namespace

std::unique_ptr<Contender> make_ipsec_mb_direct(const Suite& suite, std::size_t bytes, std::size_t connections) {
  if (suite.cbc) return std::make_unique<DirectCbc>(suite, bytes, connections);
  return std::make_unique<DirectAead>(suite, bytes, connections);
}

}  // namespace lockstep::bench
