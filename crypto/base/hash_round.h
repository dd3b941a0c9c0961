// Hash work of many messages that does not depend on each other, done side by side: what a round of many key schedules
// or transcripts consists of.
#pragma once

#include "crypto/base/hmac.h"
#include "crypto/base/sha2_lanes.h"

namespace lockstep {

/// A message of one block that many keys authenticate: a label without a context. In full lanes it costs less, since
/// its message schedule is worked out ahead.
struct ConstantMessage {
  static constexpr std::size_t kMost = 8;

  /// `padded` is a message of one block as for HashRound::mac. `index` (below kMost) is its own among those of one
  /// hash.
  ConstantMessage(Hash hash, const std::uint8_t* padded, std::size_t index);

  std::array<std::uint8_t, 128> block{};
  std::array<std::uint32_t, 64> sha256_schedule{};
  std::array<std::uint64_t, 80> sha384_schedule{};
  std::size_t index;
};

/// Collects work and does it in full lanes where it can: as soon as enough of one sort has come, and the rest in `run`.
/// What is handed over is read, and results are there, at any time until `run` has returned; so no entry of a round may
/// depend on another's result, except that a digest covers what was appended before it in the same round. Keeps no
/// secret: only where things are. Allocates nothing.
class HashRound {
 public:
  /// The longest padded message for `mac`, in blocks.
  static constexpr std::size_t kMaxMacBlocks = 2;

  explicit HashRound(sha2::Features features = sha2::processor_features());

  /// Hashes the key's blocks ahead. `key` may have any length (RFC 2104 section 3).
  void key(Hash hash, Bytes key, HmacState& out);
  /// Writes the MAC (digest_size bytes) of a message that has been padded as what follows the key's block; `blocks` (at
  /// most kMaxMacBlocks) is its length then.
  void mac(Hash hash, const HmacState& key, const std::uint8_t* message, std::size_t blocks, std::uint8_t* out);
  /// The same of a constant message, which lives as long as the round's user.
  void mac(Hash hash, const HmacState& key, const ConstantMessage& message, std::uint8_t* out);
  /// RunningHash::update; at most one for each transcript in a round.
  void append(RunningHash& running, Bytes data);
  /// RunningHash::digest.
  void digest(const RunningHash& running, MutableBytes out);
  /// Does what is left.
  void run();

 private:
  static constexpr std::size_t kMaxTranscripts = 32;

  struct Append {
    RunningHash* running;
    RunningHash::Appended data;
  };
  struct Digest {
    const RunningHash* running;
    std::uint8_t* out;
  };

  /// The work of one hash.
  template <class Word>
  class Queues {
   public:
    explicit Queues(sha2::Features features) : lanes_(features) {}
    void key(Bytes key, Word* states);
    void mac(const Word* key, const std::uint8_t* message, std::size_t blocks, std::uint8_t* out);
    void mac(const Word* key, const ConstantMessage& message, std::uint8_t* out);
    void append(RunningHash& running, Bytes data);
    void digest(const RunningHash& running, std::uint8_t* out);
    void run();

   private:
    struct KeyBlocks {
      std::array<const std::uint8_t*, sha2::kMaxLanes> keys;
      std::array<std::size_t, sha2::kMaxLanes> sizes;
      std::array<Word, sha2::kMaxLanes> pads;
      std::array<Word*, sha2::kMaxLanes> states;
      std::size_t count = 0;
    };
    struct Macs {
      std::array<const Word*, sha2::kMaxLanes> keys;
      std::array<const std::uint8_t*, sha2::kMaxLanes> messages;
      std::array<std::uint8_t*, sha2::kMaxLanes> macs;
      std::size_t count = 0;
    };
    struct ConstantMacs {
      const ConstantMessage* message;
      std::array<const Word*, sha2::kMaxLanes> keys;
      std::array<std::uint8_t*, sha2::kMaxLanes> macs;
      std::size_t count = 0;
    };
    /// Blocks for one state: `head` (nullptr or one) before `count`.
    struct Chain {
      Word* state;
      const std::uint8_t* head;
      const std::uint8_t* blocks;
      std::size_t count;
    };
    void run_key_blocks();
    void run_macs(std::size_t blocks);
    void release_constant_macs();
    void run_appends();
    void run_digests();
    void run_chains(const Chain* chains, std::size_t count);

    sha2::Lanes<Word> lanes_;
    KeyBlocks key_blocks_;
    std::array<Macs, kMaxMacBlocks> macs_;                            // by blocks - 1
    std::array<ConstantMacs, ConstantMessage::kMost> constant_macs_;  // by the message's index
    std::size_t waiting_constant_macs_ = 0;
    std::array<Append, kMaxTranscripts> appends_;
    std::array<Digest, kMaxTranscripts> digests_;
    std::size_t append_count_ = 0;
    std::size_t digest_count_ = 0;
  };

  Queues<std::uint32_t> sha256_;
  Queues<std::uint64_t> sha384_;
};

}  // namespace lockstep
