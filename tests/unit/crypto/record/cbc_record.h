// One CBC record with its keys, its way through an engine, and records made by hand as no honest peer makes them.
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/cbc_job.h"
#include "crypto/openssl/cbc_records.h"
#include "tests/unit/crypto/record/record.h"

namespace lockstep::crypto::test {

inline constexpr std::array kCbcSuitesUnderTest = {CbcSuite::aes_128_sha1, CbcSuite::aes_256_sha1,
                                                   CbcSuite::aes_128_sha256, CbcSuite::aes_256_sha256,
                                                   CbcSuite::aes_256_sha384};

/// libcrypto's CBC records behind the engine interface.
class LibcryptoCbcEngine final : public Engine {
 public:
  const char* name() const override { return "libcrypto"; }
  bool supports(JobClass job_class) const override { return job_class >= JobClass::cbc_seal; }
  void run(std::span<Job* const> jobs, JobList& done) override {
    for (Job* const job : jobs) {
      job->status = job->kind == JobKind::cbc_seal ? records_.seal(static_cast<CbcSealJob&>(*job))
                                                   : records_.open(static_cast<CbcOpenJob&>(*job));
      done.push(*job);
    }
  }
  void forget(std::uint64_t id) override { records_.forget(id); }

 private:
  CbcRecordOperations records_;
};

/// Runs `jobs` to their end, including what the engine keeps for `poll`; true when all came back.
inline bool finish_all(Engine& engine, std::span<Job* const> jobs) {
  JobList done;
  for (Job* const job : jobs) job->status = JobStatus::waiting;
  engine.run(jobs, done);
  for (int i = 0; i < 10 && done.size() < jobs.size(); ++i) engine.poll(Instant{}, done);
  return done.size() == jobs.size() && engine.in_flight() == 0;
}

struct CbcRecord {
  CbcRecord(CbcSuite suite, bool encrypt_then_mac, Random& random, std::size_t size) : plaintext(size) {
    keys.suite = suite;
    keys.encrypt_then_mac = encrypt_then_mac;
    keys.id = new_id();
    random.fill(keys.key.writable());
    random.fill(keys.mac_key.writable());
    random.fill(plaintext);
    random.fill(iv);
    header.sequence_number = random.u64();
    header.content_type = static_cast<std::uint8_t>(20 + random.below(4));
    cuts = {size};
  }

  std::size_t fragment_size() const { return cbc_fragment_size(keys, plaintext.size()); }
  /// The plaintext cut at `cuts`.
  void fill(CbcSealJob& job, std::uint8_t* out) const {
    job.keys = &keys;
    job.header = header;
    job.iv = iv;
    job.piece_count = static_cast<std::uint8_t>(cuts.size());
    Reader reader(plaintext);
    for (std::size_t i = 0; i < cuts.size(); ++i) job.plaintext[i] = reader.bytes(cuts[i]);
    job.fragment = out;
  }
  /// `fragment` cut at the places `marks`, in rising order.
  void fill(CbcOpenJob& job, MutableBytes fragment, const std::vector<std::size_t>& marks = {}) const {
    job.keys = &keys;
    job.header = header;
    job.piece_count = 0;
    std::size_t at = 0;
    for (const std::size_t mark : marks) {
      job.fragment[job.piece_count++] = fragment.subspan(at, mark - at);
      at = mark;
    }
    job.fragment[job.piece_count++] = fragment.subspan(at);
  }

  /// The fragment; empty when the engine failed.
  Buffer seal(Engine& engine) const {
    Buffer out(fragment_size());
    CbcSealJob job;
    fill(job, out.data());
    const std::array<Job*, 1> jobs = {&job};
    return finish_all(engine, jobs) && job.status == JobStatus::ok ? out : Buffer();
  }
  /// Opens `fragment` in place; `opened` gets the plaintext of a good one.
  JobStatus open(Engine& engine, Buffer& fragment, Buffer& opened, const std::vector<std::size_t>& marks = {}) const {
    CbcOpenJob job;
    fill(job, fragment, marks);
    const std::array<Job*, 1> jobs = {&job};
    if (!finish_all(engine, jobs)) return JobStatus::waiting;
    opened.assign(fragment.begin() + job.plaintext_offset,
                  fragment.begin() + job.plaintext_offset + job.plaintext_size);
    return job.status;
  }

  /// MAC of `content` by libcrypto.
  Buffer mac(Bytes content) const {
    Buffer message(13);
    Writer writer(message);
    writer.u64(header.sequence_number);
    writer.u8(header.content_type);
    writer.u16(header.version);
    writer.u16(static_cast<std::uint16_t>(content.size()));
    message.insert(message.end(), content.begin(), content.end());
    const std::size_t size = mac_size(keys.suite);
    const EVP_MD* const digest = size == 20 ? EVP_sha1() : size == 32 ? EVP_sha256() : EVP_sha384();
    Buffer out(size);
    unsigned length = 0;
    HMAC(digest, keys.mac_key.expose().data(), static_cast<int>(size), message.data(), message.size(), out.data(),
         &length);
    return out;
  }
  /// IV and `blocks` (a whole number of blocks) encrypted, whatever they hold.
  Buffer encrypt(Bytes blocks) const {
    Buffer out(iv.begin(), iv.end());
    out.resize(kCbcBlock + blocks.size() + kCbcBlock);
    const UniqueCipherContext context(EVP_CIPHER_CTX_new());
    int length = 0;
    EVP_EncryptInit_ex(context.get(), key_size(keys.suite) == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc(), nullptr,
                       keys.key.expose().data(), iv.data());
    EVP_EncryptUpdate(context.get(), out.data() + kCbcBlock, &length, blocks.data(), static_cast<int>(blocks.size()));
    out.resize(kCbcBlock + blocks.size());
    return out;
  }
  /// The fragment whose padding is `padding` bytes and the length byte; content, MAC and padding must fill blocks.
  Buffer fragment_with(const Buffer& padding) const {
    Buffer blocks = plaintext;
    if (!keys.encrypt_then_mac) append(blocks, mac(plaintext));
    append(blocks, padding);
    Buffer out = encrypt(blocks);
    if (keys.encrypt_then_mac) append(out, mac(out));
    return out;
  }
  /// Bytes that content and MAC (where it is encrypted) take.
  std::size_t inside() const { return plaintext.size() + (keys.encrypt_then_mac ? 0 : mac_size(keys.suite)); }

  static void append(Buffer& to, const Buffer& more) { to.insert(to.end(), more.begin(), more.end()); }

  CbcRecordKeys keys;
  CbcRecordHeader header;
  Buffer plaintext;
  std::array<std::uint8_t, kCbcBlock> iv{};
  std::vector<std::size_t> cuts;  // of the plaintext
};

/// `length` bytes of padding and the length byte, as they have to be.
inline Buffer good_padding(std::size_t length) {
  return Buffer(length + 1, static_cast<std::uint8_t>(length));
}

}  // namespace lockstep::crypto::test
