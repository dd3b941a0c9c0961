#include "crypto/record/engine.h"

#include <algorithm>
#include <cstring>

#include "crypto/base/constant_time.h"
#include "crypto/record/expanded_keys.h"
#include "crypto/record/ipsec_mb.h"

namespace lockstep::crypto {
namespace {

struct ReleaseManager {
  void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
};
using Manager = std::unique_ptr<IMB_MGR, ReleaseManager>;

/// The library's direct calls for one direction of one key size: they cost less than its jobs, and GCM has no lanes.
struct GcmDirection {
  aes_gcm_enc_dec_t whole;
  aes_gcm_enc_dec_update_t update;
  aes_gcm_enc_dec_finalize_t finalize;
};
struct Gcm {
  aes_gcm_pre_t expand;
  aes_gcm_init_t start;
  GcmDirection seal;
  GcmDirection open;
};

Gcm gcm_128(const IMB_MGR& m) {
  return {m.gcm128_pre,
          m.gcm128_init,
          {m.gcm128_enc, m.gcm128_enc_update, m.gcm128_enc_finalize},
          {m.gcm128_dec, m.gcm128_dec_update, m.gcm128_dec_finalize}};
}
Gcm gcm_256(const IMB_MGR& m) {
  return {m.gcm256_pre,
          m.gcm256_init,
          {m.gcm256_enc, m.gcm256_enc_update, m.gcm256_enc_finalize},
          {m.gcm256_dec, m.gcm256_dec_update, m.gcm256_dec_finalize}};
}

/// One run of bytes to be processed; `from` and `to` are the same or do not overlap.
struct Piece {
  const std::uint8_t* from;
  std::uint8_t* to;
  std::size_t size;
};

/// One record as the ciphers see it.
struct Work {
  template <class AnyJob>
  explicit Work(const AnyJob& job) : keys(job.keys), nonce(job.nonce.data()), aad(Bytes(job.aad).first(job.aad_size)) {}

  const RecordKeys* keys;
  const std::uint8_t* nonce;
  Bytes aad;
  std::array<Piece, kMaxRecordPieces + 1> pieces;  // not initialised: the first piece_count count
  std::size_t piece_count = 0;

  void add(const std::uint8_t* from, std::uint8_t* to, std::size_t size) {
    if (size != 0) pieces[piece_count++] = {from, to, size};
  }
};

/// A record whose pieces are shorter than this on average is copied together first: each further call costs more than
/// the copy (measured, see README.md). ChaCha20 loses most on pieces that do not end with a 64-byte block.
constexpr std::size_t gather_below(Aead aead) {
  return aead == Aead::chacha20_poly1305 ? 2048 : 512;
}
/// Keys are fetched for this many jobs ahead: 16 KB, half of a small first-level cache.
constexpr std::size_t kPrefetch = 16;

std::string features_of(const IMB_MGR& manager) {
  struct Feature {
    std::uint64_t bit;
    const char* name;
  };
  constexpr std::array kFeatures = {
      Feature{IMB_FEATURE_AESNI, "AES-NI"},          Feature{IMB_FEATURE_AVX2, "AVX2"},
      Feature{IMB_FEATURE_AVX512F, "AVX512"},        Feature{IMB_FEATURE_VAES, "VAES"},
      Feature{IMB_FEATURE_VPCLMULQDQ, "VPCLMULQDQ"}, Feature{IMB_FEATURE_AVX512_IFMA, "IFMA"}};
  std::string text = imb_get_version_str();
  for (const Feature& feature : kFeatures)
    if ((manager.features & feature.bit) != 0) text.append(" ").append(feature.name);
  return text;
}

class IpsecMbEngine final : public Engine {
 public:
  IpsecMbEngine(Manager manager, std::size_t expanded_keys, IpsecMbInfo* info)
      : manager_(std::move(manager)),
        gcm_{gcm_128(*manager_), gcm_256(*manager_)},
        keys_(expanded_keys, info == nullptr ? own_info_.keys : info->keys) {
    (info == nullptr ? own_info_ : *info).features = features_of(*manager_);
  }
  ~IpsecMbEngine() override { wipe_contexts(); }
  bool ready() const { return keys_.ready(); }

  const char* name() const override { return "ipsec-mb"; }
  bool supports(JobClass job_class) const override {
    return job_class == JobClass::seal || job_class == JobClass::open;
  }
  void forget(std::uint64_t id) override { keys_.forget(id); }

  void run(std::span<Job* const> jobs, JobList& done) override {
    for (std::size_t at = 0; at < jobs.size(); at += kPrefetch) {
      const auto group = jobs.subspan(at, std::min(kPrefetch, jobs.size() - at));
      if (group.size() > 1) prefetch(group);
      for (Job* const job : group) {
        job->status =
            job->kind == JobKind::seal ? seal(static_cast<SealJob&>(*job)) : open(static_cast<OpenJob&>(*job));
        done.push(*job);
      }
    }
    wipe_contexts();
  }

 private:
  static const RecordKeys* keys_of(const Job& job) {
    return job.kind == JobKind::seal ? static_cast<const SealJob&>(job).keys : static_cast<const OpenJob&>(job).keys;
  }

  /// Three dependent reads per job (session keys, set, expanded key), each made for the whole group before the next.
  void prefetch(std::span<Job* const> group) const {
    for (const Job* const job : group) __builtin_prefetch(keys_of(*job));
    for (const Job* const job : group) keys_.prefetch_set(keys_of(*job)->id);
    for (const Job* const job : group)
      if (keys_of(*job)->aead != Aead::chacha20_poly1305) keys_.prefetch_key(keys_of(*job)->id);
  }

  JobStatus seal(SealJob& job) {
    if (job.keys->id == 0) return JobStatus::engine_failed;
    Work work(job);
    std::size_t size = 0;
    for (std::size_t i = 0; i < job.piece_count; ++i) size += job.plaintext[i].size();
    const bool gather = size < job.piece_count * gather_below(job.keys->aead);
    std::uint8_t* out = job.ciphertext;
    for (std::size_t i = 0; i < job.piece_count; ++i) {
      const Bytes piece = job.plaintext[i];
      if (!gather)
        work.add(piece.data(), out, piece.size());
      else if (!piece.empty())
        std::memcpy(out, piece.data(), piece.size());
      out += piece.size();
    }
    if (job.has_trailer) {
      *out = job.trailer;
      if (!gather) work.add(out, out, 1);
      ++out;
    }
    if (gather) work.add(job.ciphertext, job.ciphertext, static_cast<std::size_t>(out - job.ciphertext));
    process<true>(work, out);
    return JobStatus::ok;
  }

  JobStatus open(OpenJob& job) {
    if (job.keys->id == 0) return JobStatus::engine_failed;
    Work work(job);
    for (std::size_t i = 0; i < job.piece_count; ++i)
      work.add(job.ciphertext[i].data(), job.ciphertext[i].data(), job.ciphertext[i].size());
    std::array<std::uint8_t, kAeadTag> tag{};
    process<false>(work, tag.data());
    if (equal_constant_time(tag, job.tag)) return JobStatus::ok;
    for (std::size_t i = 0; i < work.piece_count; ++i) wipe({work.pieces[i].to, work.pieces[i].size});
    return JobStatus::bad_record;
  }

  template <bool kSeal>
  void process(const Work& work, std::uint8_t* tag) {
    if (work.keys->aead == Aead::chacha20_poly1305)
      process_chacha20<kSeal>(work, tag);
    else
      process_gcm<kSeal>(work, tag);
  }

  template <bool kSeal>
  void process_gcm(const Work& work, std::uint8_t* tag) {
    const RecordKeys& keys = *work.keys;
    const Gcm& gcm = gcm_[keys.aead == Aead::aes_128_gcm ? 0 : 1];
    const GcmDirection& direction = kSeal ? gcm.seal : gcm.open;
    const ExpandedKeys::Slot slot = keys_.find_or_take(keys.id);
    if (slot.fresh) gcm.expand(keys.key.expose().data(), slot.key);
    if (work.piece_count == 1) {
      const Piece& piece = work.pieces[0];
      direction.whole(slot.key, &gcm_context_, piece.to, piece.from, piece.size, work.nonce, work.aad.data(),
                      work.aad.size(), tag, kAeadTag);
      return;
    }
    gcm.start(slot.key, &gcm_context_, work.nonce, work.aad.data(), work.aad.size());
    for (std::size_t i = 0; i < work.piece_count; ++i)
      direction.update(slot.key, &gcm_context_, work.pieces[i].to, work.pieces[i].from, work.pieces[i].size);
    direction.finalize(slot.key, &gcm_context_, tag, kAeadTag);
  }

  template <bool kSeal>
  void process_chacha20(const Work& work, std::uint8_t* tag) {
    const std::uint8_t* const key = work.keys->key.expose().data();
    const auto update = kSeal ? manager_->chacha20_poly1305_enc_update : manager_->chacha20_poly1305_dec_update;
    manager_->chacha20_poly1305_init(key, &chacha20_context_, work.nonce, work.aad.data(), work.aad.size());
    for (std::size_t i = 0; i < work.piece_count; ++i)
      update(key, &chacha20_context_, work.pieces[i].to, work.pieces[i].from, work.pieces[i].size);
    manager_->chacha20_poly1305_finalize(&chacha20_context_, tag, kAeadTag);
  }

  /// The contexts hold key stream and one-time keys.
  void wipe_contexts() {
    wipe({reinterpret_cast<std::uint8_t*>(&gcm_context_), sizeof gcm_context_});
    wipe({reinterpret_cast<std::uint8_t*>(&chacha20_context_), sizeof chacha20_context_});
  }

  Manager manager_;
  std::array<Gcm, 2> gcm_;
  IpsecMbInfo own_info_;
  ExpandedKeys keys_;
  gcm_context_data gcm_context_{};
  chacha20_poly1305_context_data chacha20_context_{};
};

}  // namespace

Result<std::unique_ptr<Engine>, std::string> make_ipsec_mb_engine(std::size_t expanded_keys, IpsecMbInfo* info) {
  Manager manager(alloc_mb_mgr(0));
  if (manager == nullptr) return Failure{std::string("ipsec-mb: no memory for its manager")};
  IMB_ARCH arch = IMB_ARCH_NONE;
  init_mb_mgr_auto(manager.get(), &arch);
  if (const int error = imb_get_errno(manager.get()); error != 0)
    return Failure{std::string("ipsec-mb: ") + imb_get_strerror(error)};
  constexpr std::uint64_t kNeeded = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
  if ((manager->features & kNeeded) != kNeeded)
    return Failure{std::string("ipsec-mb: this processor has no AES-NI or PCLMULQDQ")};
  if ((manager->features & IMB_FEATURE_SELF_TEST) != 0 && (manager->features & IMB_FEATURE_SELF_TEST_PASS) == 0)
    return Failure{std::string("ipsec-mb: its own self-test failed")};
  auto engine = std::make_unique<IpsecMbEngine>(std::move(manager), expanded_keys, info);
  if (!engine->ready()) return Failure{std::string("ipsec-mb: no memory for the expanded keys")};
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace lockstep::crypto
