// Known answers of record protection, and comparison over piece layouts and mixed batches.
#include <atomic>
#include <memory>

#include "crypto/base/random.h"
#include "crypto/openssl/self_test_parts.h"

namespace lockstep::crypto::self_test_parts {
namespace {

constexpr std::array kAeads = {Aead::aes_128_gcm, Aead::aes_256_gcm, Aead::chacha20_poly1305};

const char* name_of(Aead aead) {
  return aead == Aead::aes_128_gcm ? "AES-128-GCM" : aead == Aead::aes_256_gcm ? "AES-256-GCM" : "ChaCha20-Poly1305";
}

/// Identifiers that no connection has: a core counts its own from 1.
std::uint64_t fresh_id() {
  static std::atomic<std::uint64_t> next{~std::uint64_t{0}};
  return next.fetch_sub(1);
}

struct Known {
  Aead aead;
  std::vector<std::uint8_t> key;
  std::vector<std::uint8_t> nonce;
  std::vector<std::uint8_t> aad;
  std::vector<std::uint8_t> plaintext;
  std::vector<std::uint8_t> ciphertext;
  std::vector<std::uint8_t> tag;
};

/// The GCM specification's test cases 2 and 14 (McGrew, Viega), RFC 8439 section 2.8.2.
std::vector<Known> known_answers() {
  const std::vector<std::uint8_t> zeros(32);
  const auto some = [&zeros](std::size_t n) { return std::vector<std::uint8_t>(zeros.begin(), zeros.begin() + n); };
  constexpr std::string_view kText =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
      "it.";
  return {
      {Aead::aes_128_gcm,
       some(16),
       some(12),
       {},
       some(16),
       from_hex("0388dace60b6a392f328c2b971b2fe78"),
       from_hex("ab6e47d42cec13bdf53a67b21257bddf")},
      {Aead::aes_256_gcm,
       some(32),
       some(12),
       {},
       some(16),
       from_hex("cea7403d4d606b6e074ec5d3baf39d18"),
       from_hex("d0d1c8a799996bf0265b98b5d48ab919")},
      {Aead::chacha20_poly1305, pattern(0x80, 32), from_hex("070000004041424344454647"),
       from_hex("50515253c0c1c2c3c4c5c6c7"), std::vector<std::uint8_t>(kText.begin(), kText.end()),
       from_hex("d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b"
                "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
                "3ff4def08e4b7a9de576d26586cec64b6116"),
       from_hex("1ae10b594f09e26a7e902ecbd0600691")},
  };
}

void copy(Bytes from, MutableBytes to) {
  for (std::size_t i = 0; i < from.size() && i < to.size(); ++i) to[i] = from[i];
}

/// A record with its own memory, cut into `pieces` pieces.
struct Record {
  Record(Aead aead, Random& random, std::size_t size, std::size_t pieces) : plaintext(size), ciphertext(size + 17) {
    keys.aead = aead;
    keys.id = fresh_id();
    random.fill(keys.key.writable());
    random.fill(plaintext);
    random.fill(nonce);
    random.fill(aad);
    for (std::size_t i = 0, at = 0; i < pieces; ++i) {
      const std::size_t left = size - at;
      const std::size_t take =
          i + 1 == pieces ? left : random.below(static_cast<std::uint32_t>(2 * left / (pieces - i) + 1));
      cuts.push_back(take < left ? take : left);
      at += cuts.back();
    }
  }

  void fill(SealJob& job, std::uint8_t* out) const {
    job.keys = &keys;
    job.nonce = nonce;
    job.aad = aad;
    job.aad_size = 5;
    job.piece_count = static_cast<std::uint8_t>(cuts.size());
    Reader reader(plaintext);
    for (std::size_t i = 0; i < cuts.size(); ++i) job.plaintext[i] = reader.bytes(cuts[i]);
    job.trailer = 23;
    job.has_trailer = true;
    job.ciphertext = out;
  }

  /// Over `ciphertext`, whose last byte before the tag becomes a piece of its own.
  void fill(OpenJob& job) {
    job.keys = &keys;
    job.nonce = nonce;
    job.aad = aad;
    job.aad_size = 5;
    job.piece_count = static_cast<std::uint8_t>(cuts.size() + 1);
    MutableBytes rest = ciphertext;
    for (std::size_t i = 0; i < cuts.size(); ++i) {
      job.ciphertext[i] = rest.first(cuts[i]);
      rest = rest.subspan(cuts[i]);
    }
    job.ciphertext[cuts.size()] = rest.first(1);
    copy(rest.subspan(1), job.tag);
  }

  RecordKeys keys;
  std::vector<std::uint8_t> plaintext;
  std::vector<std::uint8_t> ciphertext;
  std::array<std::uint8_t, kAeadNonce> nonce{};
  std::array<std::uint8_t, kMaxAdditionalData> aad{};
  std::vector<std::size_t> cuts;
};

struct Layout {
  std::size_t size;
  std::size_t pieces;
};
constexpr std::array kLayouts = {Layout{0, 1},    Layout{1, 1},     Layout{15, 3},     Layout{16, 2},
                                 Layout{17, 4},   Layout{64, 1},    Layout{255, 7},    Layout{1400, 2},
                                 Layout{4097, 5}, Layout{8000, 31}, Layout{16384, 12}, Layout{16384, 1}};

std::vector<std::unique_ptr<Record>> records_of(Aead aead, Random& random) {
  std::vector<std::unique_ptr<Record>> records;
  records.reserve(kLayouts.size());
  for (const Layout& layout : kLayouts)
    records.push_back(std::make_unique<Record>(aead, random, layout.size, layout.pieces));
  return records;
}

bool seals_like(Engine& engine, Engine& reference, Aead aead, Random& random) {
  const auto records = records_of(aead, random);
  std::vector<std::unique_ptr<SealJob>> jobs;
  std::vector<Job*> batch;
  for (const auto& record : records) {
    record->ciphertext.assign(record->plaintext.size() + 1 + kAeadTag, 0);
    jobs.push_back(std::make_unique<SealJob>());
    record->fill(*jobs.back(), record->ciphertext.data());
    batch.push_back(jobs.back().get());
  }
  if (!run(engine, batch)) return false;
  for (const auto& record : records) {
    std::vector<std::uint8_t> expected(record->ciphertext.size());
    SealJob again;
    record->fill(again, expected.data());
    if (!succeeds(reference, again) || expected != record->ciphertext) return false;
    engine.forget(record->keys.id);
    reference.forget(record->keys.id);
  }
  for (const Job* const job : batch)
    if (job->status != JobStatus::ok) return false;
  return true;
}

/// Every third record is damaged.
bool opens_what_is_good(Engine& engine, Engine& reference, Aead aead, Random& random) {
  const auto records = records_of(aead, random);
  std::vector<std::unique_ptr<OpenJob>> jobs;
  std::vector<Job*> batch;
  for (std::size_t i = 0; i < records.size(); ++i) {
    Record& record = *records[i];
    record.ciphertext.assign(record.plaintext.size() + 1 + kAeadTag, 0);
    SealJob sealing;
    record.fill(sealing, record.ciphertext.data());
    if (!succeeds(reference, sealing)) return false;
    reference.forget(record.keys.id);
    if (i % 3 == 2) record.ciphertext[i % record.ciphertext.size()] ^= 0x40U;
    jobs.push_back(std::make_unique<OpenJob>());
    record.fill(*jobs.back());
    batch.push_back(jobs.back().get());
  }
  if (!run(engine, batch)) return false;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = *records[i];
    engine.forget(record.keys.id);
    if (batch[i]->status != (i % 3 == 2 ? JobStatus::bad_record : JobStatus::ok)) return false;
    if (i % 3 != 2 && !equal(Bytes(record.ciphertext).first(record.plaintext.size()), record.plaintext)) return false;
  }
  return true;
}

template <class AnyJob>
void fill_known(AnyJob& job, const Known& known, RecordKeys& keys) {
  keys.aead = known.aead;
  keys.id = fresh_id();
  keys.key.assign(known.key);
  job.keys = &keys;
  copy(known.nonce, job.nonce);
  copy(known.aad, job.aad);
  job.aad_size = static_cast<std::uint8_t>(known.aad.size());
  job.piece_count = 1;
}

bool seals_known(Engine& engine, const Known& known) {
  RecordKeys keys;
  SealJob job;
  fill_known(job, known, keys);
  std::vector<std::uint8_t> out(known.plaintext.size() + kAeadTag);
  job.plaintext[0] = known.plaintext;
  job.ciphertext = out.data();
  const bool sealed = succeeds(engine, job);
  engine.forget(keys.id);
  return sealed && equal(Bytes(out).first(known.ciphertext.size()), known.ciphertext) &&
         equal(Bytes(out).last(kAeadTag), known.tag);
}

bool opens_known(Engine& engine, const Known& known) {
  RecordKeys keys;
  OpenJob job;
  fill_known(job, known, keys);
  std::vector<std::uint8_t> in_place = known.ciphertext;
  job.ciphertext[0] = in_place;
  copy(known.tag, job.tag);
  const bool opened = succeeds(engine, job);
  engine.forget(keys.id);
  return opened && in_place == known.plaintext;
}

}  // namespace

Complaint seal(Engine& engine, Engine& reference) {
  for (const Known& known : known_answers())
    if (!seals_known(engine, known)) return std::string(name_of(known.aead)) + " seals wrong";
  Random random = Random::from_number(1);
  for (const Aead aead : kAeads)
    if (!seals_like(engine, reference, aead, random))
      return std::string(name_of(aead)) + " seals scattered records wrong";
  return {};
}

Complaint open(Engine& engine, Engine& reference) {
  for (const Known& known : known_answers())
    if (!opens_known(engine, known)) return std::string(name_of(known.aead)) + " opens wrong";
  Random random = Random::from_number(2);
  for (const Aead aead : kAeads)
    if (!opens_what_is_good(engine, reference, aead, random))
      return std::string(name_of(aead)) + " does not tell good records from bad ones";
  return {};
}

}  // namespace lockstep::crypto::self_test_parts
