#include "crypto/record/aead_records.h"

#include <algorithm>
#include <cstring>

#include "crypto/base/constant_time.h"

namespace lockstep::crypto {
namespace {

/// A record whose pieces are shorter than this on average is copied together first: each further call costs more than
/// the copy (measured, see README.md). ChaCha20 loses most on pieces that do not end with a 64-byte block.
constexpr std::size_t gather_below(Aead aead) {
  return aead == Aead::chacha20_poly1305 ? 2048 : 512;
}

const RecordKeys* keys_of(const Job& job) {
  return job.kind == JobKind::seal ? static_cast<const SealJob&>(job).keys : static_cast<const OpenJob&>(job).keys;
}

/// Size of the record, or what takes all of an expanded key.
std::size_t size_at_least(const Job& job) {
  const auto size = [](const auto& pieces, std::size_t count) {
    return count == 1 ? pieces[0].size() : std::size_t{16384};
  };
  return job.kind == JobKind::seal
             ? size(static_cast<const SealJob&>(job).plaintext, static_cast<const SealJob&>(job).piece_count)
             : size(static_cast<const OpenJob&>(job).ciphertext, static_cast<const OpenJob&>(job).piece_count);
}

/// Fetches the round keys and as many powers of the hash key as a record has blocks, of which the first stand last.
void prefetch_gcm(const gcm_key_data& key, std::size_t record) {
  constexpr std::size_t kMoreBlocks = 4;  // additional data, lengths, content type, the last part of a block
  const std::size_t powers = std::min(record + kMoreBlocks * IMB_AES_BLOCK_SIZE, sizeof key - kRoundKeys);
  prefetch_bytes(&key, kRoundKeys);
  prefetch_bytes(reinterpret_cast<const std::uint8_t*>(&key + 1) - powers, powers);
}

}  // namespace

/// One record as the ciphers see it.
struct AeadRecords::Work {
  template <class AnyJob>
  explicit Work(const AnyJob& job) : keys(job.keys), nonce(job.nonce.data()), aad(Bytes(job.aad).first(job.aad_size)) {}

  const RecordKeys* keys;
  const std::uint8_t* nonce;
  Bytes aad;
  std::array<RecordPiece, kMaxRecordPieces + 1> pieces;  // not initialised: the first piece_count count
  std::size_t piece_count = 0;

  void add(const std::uint8_t* from, std::uint8_t* to, std::size_t size) {
    if (size != 0) pieces[piece_count++] = {from, to, size};
  }
};

AeadRecords::AeadRecords(const IMB_MGR& manager, ExpandedKeys& keys)
    : manager_(manager),
      gcm_{Gcm{manager.gcm128_pre,
               manager.gcm128_init,
               {manager.gcm128_enc, manager.gcm128_enc_update, manager.gcm128_enc_finalize},
               {manager.gcm128_dec, manager.gcm128_dec_update, manager.gcm128_dec_finalize}},
           Gcm{manager.gcm256_pre,
               manager.gcm256_init,
               {manager.gcm256_enc, manager.gcm256_enc_update, manager.gcm256_enc_finalize},
               {manager.gcm256_dec, manager.gcm256_dec_update, manager.gcm256_dec_finalize}}},
      keys_(keys) {}

void AeadRecords::run(std::span<Job* const> jobs, JobList& done) {
  // Three dependent reads per job (session keys, set, expanded key) are started this many jobs ahead of the next one.
  constexpr std::size_t kAhead = 4;
  const std::size_t count = jobs.size();
  const std::size_t ahead = count == 1 ? 0 : kAhead;
  for (std::size_t step = 0; step < count + 3 * ahead; ++step) {
    if (step < count) __builtin_prefetch(keys_of(*jobs[step]));
    if (const std::size_t i = step - ahead; i < count) keys_.prefetch_set(keys_of(*jobs[i])->id);
    if (const std::size_t i = step - 2 * ahead; i < count) prefetch_key(*jobs[i]);
    if (const std::size_t i = step - 3 * ahead; i < count) finish(*jobs[i], done);
  }
  wipe_contexts();
}

void AeadRecords::prefetch_key(const Job& job) const {
  const RecordKeys& keys = *keys_of(job);
  if (keys.aead == Aead::chacha20_poly1305) return;
  if (const ExpandedKey* const key = keys_.find(keys.id); key != nullptr) prefetch_gcm(key->gcm, size_at_least(job));
}

void AeadRecords::finish(Job& job, JobList& done) {
  job.status = job.kind == JobKind::seal ? seal(static_cast<SealJob&>(job)) : open(static_cast<OpenJob&>(job));
  done.push(job);
}

JobStatus AeadRecords::seal(SealJob& job) {
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

JobStatus AeadRecords::open(OpenJob& job) {
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
void AeadRecords::process(const Work& work, std::uint8_t* tag) {
  if (work.keys->aead == Aead::chacha20_poly1305)
    process_chacha20<kSeal>(work, tag);
  else
    process_gcm<kSeal>(work, tag);
}

template <bool kSeal>
void AeadRecords::process_gcm(const Work& work, std::uint8_t* tag) {
  const RecordKeys& keys = *work.keys;
  const Gcm& gcm = gcm_[keys.aead == Aead::aes_128_gcm ? 0 : 1];
  const Direction& direction = kSeal ? gcm.seal : gcm.open;
  const ExpandedKeys::Slot slot = keys_.find_or_take(keys.id);
  if (slot.fresh) gcm.expand(keys.key.expose().data(), &slot.key->gcm);
  const gcm_key_data* const key = &slot.key->gcm;
  if (work.piece_count == 1) {
    const RecordPiece& piece = work.pieces[0];
    direction.whole(key, &gcm_context_, piece.to, piece.from, piece.size, work.nonce, work.aad.data(), work.aad.size(),
                    tag, kAeadTag);
    return;
  }
  gcm.start(key, &gcm_context_, work.nonce, work.aad.data(), work.aad.size());
  for (std::size_t i = 0; i < work.piece_count; ++i)
    direction.update(key, &gcm_context_, work.pieces[i].to, work.pieces[i].from, work.pieces[i].size);
  direction.finalize(key, &gcm_context_, tag, kAeadTag);
}

template <bool kSeal>
void AeadRecords::process_chacha20(const Work& work, std::uint8_t* tag) {
  const std::uint8_t* const key = work.keys->key.expose().data();
  const auto update = kSeal ? manager_.chacha20_poly1305_enc_update : manager_.chacha20_poly1305_dec_update;
  manager_.chacha20_poly1305_init(key, &chacha20_context_, work.nonce, work.aad.data(), work.aad.size());
  for (std::size_t i = 0; i < work.piece_count; ++i)
    update(key, &chacha20_context_, work.pieces[i].to, work.pieces[i].from, work.pieces[i].size);
  manager_.chacha20_poly1305_finalize(&chacha20_context_, tag, kAeadTag);
}

/// The contexts hold key stream and one-time keys.
void AeadRecords::wipe_contexts() {
  wipe({reinterpret_cast<std::uint8_t*>(&gcm_context_), sizeof gcm_context_});
  wipe({reinterpret_cast<std::uint8_t*>(&chacha20_context_), sizeof chacha20_context_});
}

}  // namespace lockstep::crypto
