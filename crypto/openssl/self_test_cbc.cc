// Known answers of CBC records, and comparison over suites, sizes, piece layouts and mixed batches.
#include <atomic>
#include <memory>

#include "crypto/base/random.h"
#include "crypto/cbc_job.h"
#include "crypto/openssl/self_test_parts.h"

namespace lockstep::crypto::self_test_parts {
namespace {

constexpr std::array kSuites = {CbcSuite::aes_128_sha1, CbcSuite::aes_256_sha1, CbcSuite::aes_128_sha256,
                                CbcSuite::aes_256_sha256, CbcSuite::aes_256_sha384};

std::string name_of(CbcSuite suite, bool encrypt_then_mac) {
  std::string name = key_size(suite) == 16 ? "AES-128-CBC" : "AES-256-CBC";
  name += mac_size(suite) == 20 ? " with HMAC-SHA1" : mac_size(suite) == 32 ? " with HMAC-SHA256" : " with HMAC-SHA384";
  return encrypt_then_mac ? name + " (encrypt-then-MAC)" : name;
}

/// Identifiers that no connection has: a core counts its own from 1, the AEAD self-test from the other end.
std::uint64_t fresh_id() {
  static std::atomic<std::uint64_t> next{~std::uint64_t{0} >> 1U};
  return next.fetch_sub(1);
}

/// A record with its own memory.
struct Record {
  Record(CbcSuite suite, bool encrypt_then_mac, Random& random, std::size_t size) : plaintext(size) {
    keys.suite = suite;
    keys.encrypt_then_mac = encrypt_then_mac;
    keys.id = fresh_id();
    random.fill(keys.key.writable());
    random.fill(keys.mac_key.writable());
    random.fill(plaintext);
    random.fill(iv);
    header = {random.u64(), 23, 0x0303};
    fragment.resize(cbc_fragment_size(keys, size));
    first_piece = random.below(static_cast<std::uint32_t>(size + 1));
  }

  void fill(CbcSealJob& job, std::uint8_t* out) const {
    job.keys = &keys;
    job.header = header;
    job.iv = iv;
    job.piece_count = 2;
    job.plaintext[0] = Bytes(plaintext).first(first_piece);
    job.plaintext[1] = Bytes(plaintext).subspan(first_piece);
    job.fragment = out;
  }
  void fill(CbcOpenJob& job, bool scattered) {
    job.keys = &keys;
    job.header = header;
    const std::size_t cut = scattered ? first_piece : fragment.size();
    job.fragment[0] = MutableBytes(fragment).first(cut);
    job.fragment[1] = MutableBytes(fragment).subspan(cut);
    job.piece_count = scattered ? 2 : 1;
  }

  CbcRecordKeys keys;
  CbcRecordHeader header;
  std::array<std::uint8_t, kCbcBlock> iv{};
  std::vector<std::uint8_t> plaintext;
  std::vector<std::uint8_t> fragment;
  std::size_t first_piece = 0;
};

constexpr std::array<std::size_t, 20> kSizes = {0,   1,   15,  16,  27,  28,   43,   44,   64,    100,
                                                255, 256, 257, 300, 511, 1023, 1400, 4096, 16383, 16384};

std::vector<std::unique_ptr<Record>> records_of(CbcSuite suite, bool encrypt_then_mac, Random& random) {
  std::vector<std::unique_ptr<Record>> records;
  records.reserve(kSizes.size());
  for (const std::size_t size : kSizes)
    records.push_back(std::make_unique<Record>(suite, encrypt_then_mac, random, size));
  return records;
}

bool seals_like(Engine& engine, Engine& reference, CbcSuite suite, bool encrypt_then_mac, Random& random) {
  const auto records = records_of(suite, encrypt_then_mac, random);
  std::vector<std::unique_ptr<CbcSealJob>> jobs;
  std::vector<Job*> batch;
  for (const auto& record : records) {
    jobs.push_back(std::make_unique<CbcSealJob>());
    record->fill(*jobs.back(), record->fragment.data());
    batch.push_back(jobs.back().get());
  }
  if (!run(engine, batch)) return false;
  for (const auto& record : records) {
    std::vector<std::uint8_t> expected(record->fragment.size());
    CbcSealJob again;
    record->fill(again, expected.data());
    if (!succeeds(reference, again) || expected != record->fragment) return false;
    engine.forget(record->keys.id);
    reference.forget(record->keys.id);
  }
  for (const Job* const job : batch)
    if (job->status != JobStatus::ok) return false;
  return true;
}

/// Every third record is damaged: in its padding, its MAC or its content.
bool opens_what_is_good(Engine& engine, Engine& reference, CbcSuite suite, bool encrypt_then_mac, Random& random) {
  const auto records = records_of(suite, encrypt_then_mac, random);
  std::vector<std::unique_ptr<CbcOpenJob>> jobs;
  std::vector<Job*> batch;
  for (std::size_t i = 0; i < records.size(); ++i) {
    Record& record = *records[i];
    CbcSealJob sealing;
    record.fill(sealing, record.fragment.data());
    if (!succeeds(reference, sealing)) return false;
    reference.forget(record.keys.id);
    const std::array<std::size_t, 3> places = {record.fragment.size() - 1, record.fragment.size() - kCbcBlock - 1, 20};
    if (i % 3 == 2) record.fragment[places[i / 3 % 3]] ^= 0x40U;
    jobs.push_back(std::make_unique<CbcOpenJob>());
    record.fill(*jobs.back(), i % 2 == 0);
    batch.push_back(jobs.back().get());
  }
  if (!run(engine, batch)) return false;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = *records[i];
    engine.forget(record.keys.id);
    if (batch[i]->status != (i % 3 == 2 ? JobStatus::bad_record : JobStatus::ok)) return false;
    if (i % 3 == 2) continue;
    if (jobs[i]->plaintext_offset + jobs[i]->plaintext_size > record.fragment.size()) return false;
    if (!equal(Bytes(record.fragment).subspan(jobs[i]->plaintext_offset, jobs[i]->plaintext_size), record.plaintext))
      return false;
  }
  return true;
}

struct Known {
  CbcSuite suite;
  bool encrypt_then_mac;
  std::string_view fragment;
};

/// Made by an independent model (Python's hmac, and AES from FIPS 197's text) of RFC 5246 section 6.2.3.2 and RFC 7366
/// for the content "Lockstep seals and opens", keys 00 01 .. and 40 41 .., IV a0 a1 .., sequence number 7, type 23.
constexpr std::array kKnown = {
    Known{CbcSuite::aes_128_sha1, false,
          "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf8d1134efea6884fb9cdfb8ca210548b44b9265aea5f6a0f1a62349fd4218"
          "a55485b5801b9ec2b0fad15538501b3ab6bf"},
    Known{CbcSuite::aes_128_sha1, true,
          "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf8d1134efea6884fb9cdfb8ca210548b4b0d9092ee5da8ee27640e62b3020"
          "7115113bfd04fec69595dad5d8db1ed4378d5846c918"},
    Known{CbcSuite::aes_256_sha1, false,
          "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf566ec37e0bc690ec4523697f08d2ccec6ec0b169298d040f2995764d0644"
          "7bce9751b5f38a0994d837aec264f9a413b7"},
    Known{CbcSuite::aes_256_sha1, true,
          "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf566ec37e0bc690ec4523697f08d2ccec23a297d721571d0fa30623a93dc9"
          "dd50224c4f01e53cb8d53bd64db4596d201ff12bd3eb"},
    Known{CbcSuite::aes_128_sha256, false,
          "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf8d1134efea6884fb9cdfb8ca210548b4aab816425913999fc915e2290d79"
          "fd9a65a4c409545f8c37d8220165fb8784c0c69148b9b0a026fe3837c4ee9f23e85f"},
    Known{CbcSuite::aes_128_sha256, true,
          "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf8d1134efea6884fb9cdfb8ca210548b4b0d9092ee5da8ee27640e62b3020"
          "71157320fc84375dbaec097270199cb796c64124e83b94d17a75788dce057583b003"},
    Known{CbcSuite::aes_256_sha256, false,
          "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf566ec37e0bc690ec4523697f08d2ccec74a90ac777b1f40f849d339fda5d"
          "ae8388be4ba2296dc391f58c280beaee7102667d4728b9f216cadcadec14facbd3bc"},
    Known{CbcSuite::aes_256_sha256, true,
          "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf566ec37e0bc690ec4523697f08d2ccec23a297d721571d0fa30623a93dc9"
          "dd5049b654fadd06ff59de9475512f5428e4520b041cbd223134a809c4c8384fd4b4"},
    Known{CbcSuite::aes_256_sha384, false,
          "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf566ec37e0bc690ec4523697f08d2ccece9a5067f413236a53e6c2c821506"
          "85b5e88ce2be04f9bd9200f447e93770f19273621d5e99719d17011bbec66f3d2be795dff194f04e8f51f1e31b76"
          "f44f835a"},
    Known{CbcSuite::aes_256_sha384, true,
          "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf566ec37e0bc690ec4523697f08d2ccec23a297d721571d0fa30623a93dc9"
          "dd505c0609edb4eb85df3c863c0eeb6f2a0cf2cd133e50f302343834d67a09db15ae32cdb2b6e5ae5c6309ad9c2b"
          "974ca7d2"},
};
constexpr std::string_view kContent = "Lockstep seals and opens";

void set_known(const Known& known, CbcRecordKeys& keys, CbcRecordHeader& header) {
  keys.suite = known.suite;
  keys.encrypt_then_mac = known.encrypt_then_mac;
  keys.id = fresh_id();
  keys.key.assign(pattern(0x00, kMaxKey));
  keys.mac_key.assign(pattern(0x40, kMaxMac));
  header = {7, 23, 0x0303};
}

bool seals_known(Engine& engine, const Known& known) {
  CbcRecordKeys keys;
  CbcSealJob job;
  set_known(known, keys, job.header);
  const std::vector<std::uint8_t> iv = pattern(0xa0, kCbcBlock);
  for (std::size_t i = 0; i < iv.size(); ++i) job.iv[i] = iv[i];
  std::vector<std::uint8_t> out(cbc_fragment_size(keys, kContent.size()));
  job.keys = &keys;
  job.plaintext[0] = {reinterpret_cast<const std::uint8_t*>(kContent.data()), kContent.size()};
  job.piece_count = 1;
  job.fragment = out.data();
  const bool sealed = succeeds(engine, job);
  engine.forget(keys.id);
  return sealed && out == from_hex(known.fragment);
}

bool opens_known(Engine& engine, const Known& known) {
  CbcRecordKeys keys;
  CbcOpenJob job;
  set_known(known, keys, job.header);
  std::vector<std::uint8_t> in_place = from_hex(known.fragment);
  job.keys = &keys;
  job.fragment[0] = in_place;
  job.piece_count = 1;
  const bool opened = succeeds(engine, job);
  engine.forget(keys.id);
  return opened && job.plaintext_offset + kContent.size() <= in_place.size() && job.plaintext_size == kContent.size() &&
         equal(Bytes(in_place).subspan(job.plaintext_offset, job.plaintext_size),
               {reinterpret_cast<const std::uint8_t*>(kContent.data()), kContent.size()});
}

}  // namespace

Complaint cbc_seal(Engine& engine, Engine& reference) {
  for (const Known& known : kKnown)
    if (!seals_known(engine, known)) return name_of(known.suite, known.encrypt_then_mac) + " seals wrong";
  Random random = Random::from_number(3);
  for (const CbcSuite suite : kSuites)
    for (const bool encrypt_then_mac : {false, true})
      if (!seals_like(engine, reference, suite, encrypt_then_mac, random))
        return name_of(suite, encrypt_then_mac) + " seals scattered records wrong";
  return {};
}

Complaint cbc_open(Engine& engine, Engine& reference) {
  for (const Known& known : kKnown)
    if (!opens_known(engine, known)) return name_of(known.suite, known.encrypt_then_mac) + " opens wrong";
  Random random = Random::from_number(4);
  for (const CbcSuite suite : kSuites)
    for (const bool encrypt_then_mac : {false, true})
      if (!opens_what_is_good(engine, reference, suite, encrypt_then_mac, random))
        return name_of(suite, encrypt_then_mac) + " does not tell good records from bad ones";
  return {};
}

}  // namespace lockstep::crypto::self_test_parts
