// What the record benchmarks compare: one way of protecting the records of many connections.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/cbc_job.h"

namespace lockstep::bench {

/// A cipher suite under test, with the name its benchmarks have.
struct Suite {
  const char* name;
  bool cbc;
  crypto::Aead aead;           // of TLS 1.3, when not cbc
  crypto::CbcSuite cbc_suite;  // of TLS 1.2, when cbc
};

/// One record's layout, the same for all: TLS 1.3 has a one-byte content type inside (RFC 8446 section 5.2).
constexpr std::size_t kHeader = 5;
std::size_t fragment_size(const Suite& suite, std::size_t bytes);
/// Writes the record header; `record` has `fragment` bytes behind it.
void write_header(std::uint8_t* record, std::size_t fragment);
/// The nonce of TLS 1.3 (RFC 8446 section 5.3).
void write_nonce(const std::uint8_t* iv, std::uint64_t sequence_number, std::uint8_t* nonce);

/// Protects records of `connections` connections, each with keys of its own, 32 records at a time.
class Contender {
 public:
  static constexpr std::size_t kBatch = 32;

  Contender(const Suite& suite, std::size_t bytes, std::size_t connections);
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  /// False when something is missing on this machine.
  virtual bool ready() const = 0;
  /// Frames and seals one record of each of the next 32 connections; false on failure.
  virtual bool seal() = 0;
  /// Opens `records_` of the connections last chosen in place; false on failure.
  virtual bool open() = 0;

  /// Takes what the last seal() made as the records to be opened, in `copies` copies.
  void keep(std::size_t copies);
  /// Puts all copies back as they were sealed.
  void restore();
  /// Opens all copies; false on failure.
  bool open_copies();

 protected:
  /// The connections of the next batch. With more than 32 of them they are taken at random.
  const std::array<std::uint32_t, kBatch>& choose();
  const std::array<std::uint32_t, kBatch>& chosen() const { return chosen_; }

  const Suite suite_;
  const std::size_t bytes_;
  const std::size_t connections_;
  Random random_ = Random::from_number(1);
  std::vector<std::vector<std::uint8_t>> plaintexts_;  // per place in the batch
  std::vector<std::vector<std::uint8_t>> records_;
  std::vector<std::uint64_t> sequence_numbers_;  // per connection; the next to be used

 private:
  std::vector<std::vector<std::uint8_t>> kept_;
  std::vector<std::vector<std::vector<std::uint8_t>>> copies_;
  std::array<std::uint32_t, kBatch> chosen_{};
  std::vector<std::uint32_t> order_;
  std::size_t next_ = 0;
};

/// Any of them; nullptr for a combination that does not exist.
std::unique_ptr<Contender> make_lockstep(const Suite& suite, std::size_t bytes, std::size_t connections);
std::unique_ptr<Contender> make_openssl(const Suite& suite, std::size_t bytes, std::size_t connections);
/// ipsec-mb as its documentation has it used, with keys expanded ahead; seals only.
std::unique_ptr<Contender> make_ipsec_mb_direct(const Suite& suite, std::size_t bytes, std::size_t connections);

}  // namespace lockstep::bench
