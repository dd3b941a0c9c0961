#include "crypto/record/cbc_seal.h"

#include <cstring>

#include "crypto/record/record_mac.h"

namespace lockstep::crypto {
namespace {

/// A record is long compared with another that has less than a quarter of its size; short records are not worth it.
constexpr std::size_t kMuchLonger = 4;
constexpr std::size_t kLongRecord = 4096;

IMB_HASH_ALG hash_algorithm(CbcSuite suite) {
  const MacHash hash = mac_hash(suite);
  return hash == MacHash::sha1     ? IMB_AUTH_HMAC_SHA_1
         : hash == MacHash::sha256 ? IMB_AUTH_HMAC_SHA_256
                                   : IMB_AUTH_HMAC_SHA_384;
}

/// How much quicker one record's hash is in the narrow manager than alone in the wide one (measured, see README.md).
std::size_t narrow_gain(CbcSuite suite) {
  const MacHash hash = mac_hash(suite);
  return hash == MacHash::sha1 ? 4 : hash == MacHash::sha256 ? 8 : 0;
}

/// `entries` without the leading ones that are not worth a lane: one that is longer than all others together cannot be
/// helped by them, and every pass of the wide lanes costs the same however few are filled.
std::size_t alone(std::span<const CbcEntry<CbcSealJob>> entries, std::size_t gain) {
  std::size_t rest = 0;
  for (const auto& entry : entries) rest += entry.size + kMacHeader;
  std::size_t first = 0;
  for (; first < entries.size(); ++first) {
    const std::size_t size = entries[first].size + kMacHeader;
    if (rest >= gain * size) break;
    rest -= size;
  }
  return first;
}

/// The number of leading entries that would hold the others back.
std::size_t held_back(std::span<const CbcEntry<CbcSealJob>> entries) {
  for (std::size_t i = 1; i < entries.size(); ++i) {
    if (entries[i - 1].size < kLongRecord) break;
    if (entries[i].size < entries[i - 1].size / kMuchLonger) return i;
  }
  return 0;
}

void gather(const CbcSealJob& job, std::uint8_t* to) {
  for (std::size_t i = 0; i < job.piece_count; ++i) {
    const Bytes piece = job.plaintext[i];
    if (!piece.empty()) std::memcpy(to, piece.data(), piece.size());
    to += piece.size();
  }
}

/// Appends the least padding to what ends at `size`, a place in the ciphertext; returns the padded size.
std::size_t pad(std::uint8_t* ciphertext, std::size_t size) {
  const std::size_t padding = kCbcBlock - 1 - size % kCbcBlock;
  std::memset(ciphertext + size, static_cast<int>(padding), padding + 1);
  return size + padding + 1;
}

bool all_done(std::span<const IMB_JOB> lanes, IMB_STATUS bit) {
  for (const IMB_JOB& lane : lanes)
    if ((lane.status & bit) == 0) return false;
  return true;
}

}  // namespace

CbcSeal::CbcSeal(IMB_MGR& wide, IMB_MGR& narrow, CbcKeys& keys) : wide_(wide), narrow_(narrow), keys_(keys) {}

void CbcSeal::run(std::span<Job* const> jobs, JobList& done) {
  for (std::size_t at = 0; at < jobs.size(); at += kCbcBatch)
    run_some(jobs.subspan(at, std::min(kCbcBatch, jobs.size() - at)), true, done);
}

void CbcSeal::poll(JobList& done) {
  while (!kept_.empty()) {
    std::array<Job*, kCbcBatch> jobs;
    std::size_t count = 0;
    while (count < jobs.size() && !kept_.empty()) jobs[count++] = kept_.pop();
    run_some(std::span(jobs).first(count), false, done);
  }
}

void CbcSeal::run_some(std::span<Job* const> jobs, bool may_keep, JobList& done) {
  std::array<Entry, kCbcBatch> entries;
  std::array<const CbcRecordKeys*, kCbcBatch> keys;
  std::size_t count = 0;
  for (Job* const each : jobs) {
    auto& job = static_cast<CbcSealJob&>(*each);
    std::size_t size = 0;
    for (std::size_t i = 0; i < job.piece_count; ++i) size += job.plaintext[i].size();
    if (job.keys->id == 0 || size > kMaxCbcPlaintext) {
      job.status = JobStatus::engine_failed;
      done.push(job);
      continue;
    }
    keys[count] = job.keys;
    entries[count++] = {&job, size};
  }
  keys_.prefetch(std::span(keys).first(count));
  for_each_batch<CbcSealJob, kCbcBatch>(std::span<const Entry>(entries).first(count),
                                        [&](CbcClass cbc_class, std::span<Entry> batch) {
                                          const std::size_t keep = may_keep ? held_back(batch) : 0;
                                          for (const Entry& entry : batch.first(keep)) kept_.push(*entry.job);
                                          run_batch(cbc_class, batch.subspan(keep), done);
                                        });
}

void CbcSeal::run_batch(CbcClass cbc_class, std::span<Entry> entries, JobList& done) {
  const bool sealed = cbc_class.encrypt_then_mac ? encrypt_then_mac(cbc_class.suite, entries)
                                                 : mac_then_encrypt(cbc_class.suite, entries);
  keys_.release();
  for (const Entry& entry : entries) {
    std::memcpy(entry.job->fragment, entry.job->iv.data(), kCbcBlock);
    entry.job->status = sealed ? JobStatus::ok : JobStatus::engine_failed;
    done.push(*entry.job);
  }
}

bool CbcSeal::mac_then_encrypt(CbcSuite suite, std::span<const Entry> entries) {
  const std::size_t mac = mac_size(suite);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const CbcSealJob& job = *entries[i].job;
    std::uint8_t* const content = job.fragment + kCbcBlock;
    gather(job, content);
    // The MAC covers a header before the content. It fits where the IV comes to lie, which is written last.
    write_mac_header(job.header, entries[i].size, content - kMacHeader);
    const CbcKey& key = keys_.find(*job.keys);
    IMB_JOB& lane = lanes_[i];
    lane.enc_keys = key.encrypt.data();
    lane.src = content;
    lane.dst = content;
    lane.iv = job.iv.data();
    lane.hash_start_src_offset_in_bytes = 0;
    lane.u.HMAC._hashed_auth_key_xor_ipad = key.hmac.inner.data();
    lane.u.HMAC._hashed_auth_key_xor_opad = key.hmac.outer.data();
    lane.auth_tag_output = content + entries[i].size;
    lane.auth_tag_output_len_in_bytes = mac;
    lane.msg_len_to_cipher_in_bytes = pad(content, entries[i].size + mac);
  }
  return make_macs(suite, entries) && encrypt(suite, entries.size());
}

bool CbcSeal::make_macs(CbcSuite suite, std::span<const Entry> entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    IMB_JOB& lane = lanes_[i];
    lane.src -= kMacHeader;
    lane.msg_len_to_hash_in_bytes = kMacHeader + entries[i].size;
    lane.status = IMB_STATUS_BEING_PROCESSED;
  }
  const IMB_HASH_ALG hash = hash_algorithm(suite);
  const auto few = static_cast<std::uint32_t>(alone(entries, narrow_gain(suite)));
  const auto many = static_cast<std::uint32_t>(entries.size() - few);
  if (few != 0) IMB_SUBMIT_HASH_BURST_NOCHECK(&narrow_, lanes_.data(), few, hash);
  if (many != 0) IMB_SUBMIT_HASH_BURST_NOCHECK(&wide_, lanes_.data() + few, many, hash);
  for (std::size_t i = 0; i < entries.size(); ++i) lanes_[i].src += kMacHeader;
  return all_done(std::span(lanes_).first(entries.size()), IMB_STATUS_COMPLETED_AUTH);
}

bool CbcSeal::encrypt(CbcSuite suite, std::size_t count) {
  const std::size_t key = key_size(suite);
  for (IMB_JOB& lane : std::span(lanes_).first(count)) {
    lane.key_len_in_bytes = key;
    lane.iv_len_in_bytes = kCbcBlock;
    lane.cipher_start_src_offset_in_bytes = 0;
    lane.cipher_mode = IMB_CIPHER_CBC;
    lane.cipher_direction = IMB_DIR_ENCRYPT;
    lane.status = IMB_STATUS_BEING_PROCESSED;
  }
  IMB_SUBMIT_CIPHER_BURST_NOCHECK(&wide_, lanes_.data(), static_cast<std::uint32_t>(count), IMB_CIPHER_CBC,
                                  IMB_DIR_ENCRYPT, key == 16 ? IMB_KEY_128_BYTES : IMB_KEY_256_BYTES);
  return all_done(std::span(lanes_).first(count), IMB_STATUS_COMPLETED_CIPHER);
}

bool CbcSeal::encrypt_then_mac(CbcSuite suite, std::span<const Entry> entries) {
  std::array<RecordMac, kCbcBatch> macs;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const CbcSealJob& job = *entries[i].job;
    std::uint8_t* const content = job.fragment + kCbcBlock;
    gather(job, content);
    std::memcpy(job.fragment, job.iv.data(), kCbcBlock);
    const CbcKey& key = keys_.find(*job.keys);
    IMB_JOB& lane = lanes_[i];
    lane.enc_keys = key.encrypt.data();
    lane.src = content;
    lane.dst = content;
    lane.iv = job.iv.data();
    lane.msg_len_to_cipher_in_bytes = pad(content, entries[i].size);
    RecordMac& mac = macs[i];
    mac.key = &key.hmac;
    mac.content = job.fragment;
    mac.size = mac.shortest = mac.longest = kCbcBlock + lane.msg_len_to_cipher_in_bytes;
    write_mac_header(job.header, mac.size, mac.header.data());
  }
  if (!encrypt(suite, entries.size())) return false;
  make_record_macs(mac_hash(suite), std::span(macs).first(entries.size()));
  for (std::size_t i = 0; i < entries.size(); ++i)
    std::memcpy(entries[i].job->fragment + macs[i].size, macs[i].mac.data(), mac_size(suite));
  return true;
}

}  // namespace lockstep::crypto
