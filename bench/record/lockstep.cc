// This project's record engine, through the interface that the batch uses.
#include <algorithm>
#include <cstring>

#include "bench/record/contender.h"
#include "crypto/record/engine.h"

namespace lockstep::bench {
namespace {

using crypto::Job;

std::unique_ptr<crypto::Engine> engine_for(std::size_t connections) {
  auto made = crypto::make_ipsec_mb_engine(2 * connections);
  return made ? std::move(made.value()) : nullptr;
}

/// Runs the batch to its end; true when every job ended ok.
template <class AnyJob>
bool run(crypto::Engine& engine, std::vector<AnyJob>& jobs) {
  std::array<Job*, Contender::kBatch> batch;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i] = &jobs[i];
    jobs[i].status = crypto::JobStatus::waiting;
  }
  crypto::JobList done;
  engine.run(batch, done);
  while (engine.in_flight() != 0) engine.poll(Instant{}, done);
  bool good = true;
  while (const Job* const job = done.pop()) good &= job->status == crypto::JobStatus::ok;
  return good;
}

template <class Keys>
std::vector<Keys> make_keys(Random& random, std::size_t connections) {
  std::vector<Keys> all(connections);
  std::uint64_t id = 0;
  for (Keys& keys : all) {
    keys.id = ++id;
    random.fill(keys.key.writable());
  }
  return all;
}

class LockstepAead final : public Contender {
 public:
  LockstepAead(const Suite& suite, std::size_t bytes, std::size_t connections)
      : Contender(suite, bytes, connections),
        engine_(engine_for(connections)),
        keys_(make_keys<crypto::RecordKeys>(random_, connections)),
        sealing_(kBatch),
        opening_(kBatch) {
    for (crypto::RecordKeys& keys : keys_) {
      keys.aead = suite.aead;
      random_.fill(keys.iv.writable());
    }
  }
  bool ready() const override { return engine_ != nullptr; }

  bool seal() override {
    const auto& chosen = choose();
    for (std::size_t i = 0; i < kBatch; ++i) {
      crypto::SealJob& job = sealing_[i];
      std::uint8_t* const record = records_[i].data();
      write_header(record, records_[i].size() - kHeader);
      frame(job, chosen[i], record, sequence_numbers_[chosen[i]]++);
      job.piece_count = 1;
      job.plaintext[0] = plaintexts_[i];
      job.trailer = 23;
      job.has_trailer = true;
      job.ciphertext = record + kHeader;
    }
    return run(*engine_, sealing_);
  }
  bool open() override {
    for (std::size_t i = 0; i < kBatch; ++i) {
      crypto::OpenJob& job = opening_[i];
      std::uint8_t* const record = records_[i].data();
      frame(job, chosen()[i], record, sequence_numbers_[chosen()[i]] - 1);
      job.piece_count = 1;
      job.ciphertext[0] = {record + kHeader, bytes_ + 1};
      std::memcpy(job.tag.data(), record + kHeader + bytes_ + 1, crypto::kAeadTag);
    }
    return run(*engine_, opening_);
  }

 private:
  template <class AnyJob>
  void frame(AnyJob& job, std::uint32_t connection, const std::uint8_t* record, std::uint64_t sequence_number) {
    const crypto::RecordKeys& keys = keys_[connection];
    job.keys = &keys;
    write_nonce(keys.iv.expose().data(), sequence_number, job.nonce.data());
    std::memcpy(job.aad.data(), record, kHeader);
    job.aad_size = kHeader;
  }

  std::unique_ptr<crypto::Engine> engine_;
  std::vector<crypto::RecordKeys> keys_;
  std::vector<crypto::SealJob> sealing_;
  std::vector<crypto::OpenJob> opening_;
};

class LockstepCbc final : public Contender {
 public:
  LockstepCbc(const Suite& suite, std::size_t bytes, std::size_t connections)
      : Contender(suite, bytes, connections),
        engine_(engine_for(connections)),
        keys_(make_keys<crypto::CbcRecordKeys>(random_, connections)),
        sealing_(kBatch),
        opening_(kBatch) {
    for (crypto::CbcRecordKeys& keys : keys_) {
      keys.suite = suite.cbc_suite;
      random_.fill(keys.mac_key.writable());
    }
  }
  bool ready() const override { return engine_ != nullptr; }

  bool seal() override {
    const auto& chosen = choose();
    for (std::size_t i = 0; i < kBatch; ++i) {
      crypto::CbcSealJob& job = sealing_[i];
      std::uint8_t* const record = records_[i].data();
      write_header(record, records_[i].size() - kHeader);
      job.keys = &keys_[chosen[i]];
      job.header = {sequence_numbers_[chosen[i]]++, 23, 0x0303};
      random_.fill(job.iv);
      job.piece_count = 1;
      job.plaintext[0] = plaintexts_[i];
      job.fragment = record + kHeader;
    }
    return run(*engine_, sealing_);
  }
  bool open() override {
    for (std::size_t i = 0; i < kBatch; ++i) {
      crypto::CbcOpenJob& job = opening_[i];
      job.keys = &keys_[chosen()[i]];
      job.header = {sequence_numbers_[chosen()[i]] - 1, 23, 0x0303};
      job.piece_count = 1;
      job.fragment[0] = MutableBytes(records_[i]).subspan(kHeader);
    }
    return run(*engine_, opening_);
  }

 private:
  std::unique_ptr<crypto::Engine> engine_;
  std::vector<crypto::CbcRecordKeys> keys_;
  std::vector<crypto::CbcSealJob> sealing_;
  std::vector<crypto::CbcOpenJob> opening_;
};

}  // namespace

std::unique_ptr<Contender> make_lockstep(const Suite& suite, std::size_t bytes, std::size_t connections) {
  if (suite.cbc) return std::make_unique<LockstepCbc>(suite, bytes, connections);
  return std::make_unique<LockstepAead>(suite, bytes, connections);
}

}  // namespace lockstep::bench
