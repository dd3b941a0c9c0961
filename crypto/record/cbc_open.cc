#include "crypto/record/cbc_open.h"

#include <cstring>
#include <new>
#include <optional>

#include "crypto/base/constant_time.h"
#include "crypto/record/cbc_padding.h"

namespace lockstep::crypto {
namespace {

/// Whether a fragment can be one at all; its length is public.
bool has_possible_size(const CbcRecordKeys& keys, std::size_t size) {
  const std::size_t mac = mac_size(keys.suite);
  const std::size_t behind = keys.encrypt_then_mac ? mac : 0;  // the ciphertext
  const std::size_t inside = keys.encrypt_then_mac ? 0 : mac;  // besides the padding length
  return size <= kMaxCbcFragment && size > kCbcBlock + behind + inside && (size - behind) % kCbcBlock == 0;
}

void refuse(CbcOpenJob& job, JobStatus status) {
  for (std::size_t i = 0; i < job.piece_count; ++i) wipe(job.fragment[i]);
  job.plaintext_offset = 0;
  job.plaintext_size = 0;
  job.status = status;
}

void gather(const CbcOpenJob& job, std::uint8_t* to) {
  for (std::size_t i = 0; i < job.piece_count; ++i) {
    const Bytes piece = job.fragment[i];
    if (!piece.empty()) std::memcpy(to, piece.data(), piece.size());
    to += piece.size();
  }
}

/// Puts `size` bytes at `offset` of the fragment back into its pieces.
void scatter(const CbcOpenJob& job, const std::uint8_t* fragment, std::size_t offset, std::size_t size) {
  std::size_t at = 0;
  const std::size_t end = offset + size;
  for (std::size_t i = 0; i < job.piece_count && at < end; ++i) {
    const MutableBytes piece = job.fragment[i];
    const std::size_t from = std::max(at, offset);
    const std::size_t to = std::min(at + piece.size(), end);
    if (from < to) std::memcpy(piece.data() + (from - at), fragment + from, to - from);
    at += piece.size();
  }
}

}  // namespace

/// One record while it is being opened.
struct CbcOpen::Record {
  CbcOpenJob* job;
  const CbcKey* key;
  std::uint8_t* fragment;  // in one run: its only piece, or gathered
  std::size_t size;
  bool gathered;
  bool good;                   // public once it is set
  std::size_t plaintext_size;  // of a good one
};

CbcOpen::CbcOpen(IMB_MGR& manager, CbcKeys& keys)
    : manager_(manager), keys_(keys), scratch_(new(std::nothrow) Scratch[kTogether]()) {}

void CbcOpen::run(std::span<Job* const> jobs, JobList& done) {
  for (std::size_t at = 0; at < jobs.size(); at += kCbcBatch)
    run_some(jobs.subspan(at, std::min(kCbcBatch, jobs.size() - at)), done);
}

void CbcOpen::run_some(std::span<Job* const> jobs, JobList& done) {
  std::array<Entry, kCbcBatch> entries;
  std::array<const CbcRecordKeys*, kCbcBatch> keys;
  std::size_t count = 0;
  for (Job* const each : jobs) {
    auto& job = static_cast<CbcOpenJob&>(*each);
    std::size_t size = 0;
    for (std::size_t i = 0; i < job.piece_count; ++i) size += job.fragment[i].size();
    const bool has_keys = job.keys->id != 0;
    if (!has_keys || !has_possible_size(*job.keys, size)) {
      refuse(job, has_keys ? JobStatus::bad_record : JobStatus::engine_failed);
      done.push(job);
      continue;
    }
    keys[count] = job.keys;
    entries[count++] = {&job, size};
  }
  keys_.prefetch(std::span(keys).first(count));
  for_each_batch<CbcOpenJob, kTogether>(
      std::span<const Entry>(entries).first(count),
      [&](CbcClass cbc_class, std::span<const Entry> batch) { run_batch(cbc_class, batch, done); });
}

void CbcOpen::run_batch(CbcClass cbc_class, std::span<const Entry> entries, JobList& done) {
  std::array<Record, kTogether> storage;
  const std::span<Record> records = std::span(storage).first(entries.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    CbcOpenJob& job = *entries[i].job;
    const bool whole = job.piece_count == 1;
    std::uint8_t* const fragment = whole ? job.fragment[0].data() : scratch_[i].bytes.data();
    if (!whole) gather(job, fragment);
    records[i] = {&job, &keys_.find(*job.keys), fragment, entries[i].size, !whole, false, 0};
  }
  if (cbc_class.encrypt_then_mac)
    encrypt_then_mac(cbc_class.suite, records);
  else
    mac_then_encrypt(cbc_class.suite, records);
  keys_.release();
  for (const Record& record : records) {
    CbcOpenJob& job = *record.job;
    if (record.good) {
      if (record.gathered) scatter(job, record.fragment, kCbcBlock, record.plaintext_size);
      job.plaintext_offset = kCbcBlock;
      job.plaintext_size = static_cast<std::uint16_t>(record.plaintext_size);
      job.status = JobStatus::ok;
    } else {
      if (record.gathered) wipe({record.fragment, record.size});
      refuse(job, JobStatus::bad_record);
    }
    done.push(job);
  }
}

void CbcOpen::mac_then_encrypt(CbcSuite suite, std::span<Record> records) {
  const std::size_t mac = mac_size(suite);
  if (!decrypt(suite, records, 0)) return;
  std::array<RecordMac, kTogether> macs;
  std::array<std::optional<CbcEnd>, kTogether> ends;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    const Bytes decrypted(record.fragment + kCbcBlock, record.size - kCbcBlock);
    const CbcEnd& end = ends[i].emplace(decrypted, mac);
    const std::size_t longest = decrypted.size() - mac - 1;
    macs[i].key = &record.key->hmac;
    write_mac_header(record.job->header, end.content_size(), macs[i].header.data());
    macs[i].content = decrypted.data();
    macs[i].longest = longest;
    macs[i].shortest = longest < 255 ? 0 : longest - 255;
    macs[i].size = end.content_size();
  }
  make_record_macs(mac_hash(suite), std::span(macs).first(records.size()));
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::uint64_t has_mac = ends[i]->has_mac(Bytes(macs[i].mac).first(mac));
    records[i].good = (has_mac & ends[i]->good_padding()) != 0;
    records[i].plaintext_size = ends[i]->content_size();
  }
}

void CbcOpen::encrypt_then_mac(CbcSuite suite, std::span<Record> records) {
  const std::size_t mac = mac_size(suite);
  std::array<RecordMac, kTogether> macs;
  for (std::size_t i = 0; i < records.size(); ++i) {
    macs[i].key = &records[i].key->hmac;
    macs[i].content = records[i].fragment;
    macs[i].size = macs[i].shortest = macs[i].longest = records[i].size - mac;
    write_mac_header(records[i].job->header, macs[i].size, macs[i].header.data());
  }
  make_record_macs(mac_hash(suite), std::span(macs).first(records.size()));
  // What does not have its MAC is never decrypted.
  std::array<Record, kTogether> authentic;
  std::array<std::size_t, kTogether> places;
  std::size_t count = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!equal_constant_time(Bytes(macs[i].mac).first(mac), Bytes(records[i].fragment + macs[i].size, mac))) continue;
    places[count] = i;
    authentic[count++] = records[i];
  }
  if (!decrypt(suite, std::span(authentic).first(count), mac)) return;
  for (std::size_t i = 0; i < count; ++i) {
    Record& record = records[places[i]];
    const CbcEnd end(Bytes(record.fragment + kCbcBlock, record.size - mac - kCbcBlock), 0);
    record.good = end.good_padding() != 0;
    record.plaintext_size = end.content_size();
  }
}

/// Decrypts in place all but the last `behind` bytes of each fragment.
bool CbcOpen::decrypt(CbcSuite suite, std::span<const Record> records, std::size_t behind) {
  const std::size_t key = key_size(suite);
  for (std::size_t i = 0; i < records.size(); ++i) {
    IMB_JOB& lane = lanes_[i];
    lane.dec_keys = records[i].key->decrypt.data();
    lane.key_len_in_bytes = key;
    lane.src = records[i].fragment + kCbcBlock;
    lane.dst = records[i].fragment + kCbcBlock;
    lane.cipher_start_src_offset_in_bytes = 0;
    lane.msg_len_to_cipher_in_bytes = records[i].size - kCbcBlock - behind;
    lane.iv = records[i].fragment;
    lane.iv_len_in_bytes = kCbcBlock;
    lane.cipher_mode = IMB_CIPHER_CBC;
    lane.cipher_direction = IMB_DIR_DECRYPT;
    lane.status = IMB_STATUS_BEING_PROCESSED;
  }
  if (!records.empty())
    IMB_SUBMIT_CIPHER_BURST_NOCHECK(&manager_, lanes_.data(), static_cast<std::uint32_t>(records.size()),
                                    IMB_CIPHER_CBC, IMB_DIR_DECRYPT, key == 16 ? IMB_KEY_128_BYTES : IMB_KEY_256_BYTES);
  for (std::size_t i = 0; i < records.size(); ++i)
    if ((lanes_[i].status & IMB_STATUS_COMPLETED_CIPHER) == 0) return false;
  return true;
}

}  // namespace lockstep::crypto
