#include "crypto/base/hash_round.h"

#include <algorithm>
#include <cassert>

#include "crypto/base/sha2_compress.h"

namespace lockstep {

namespace {

template <class Word, class State>
auto* words_of(State& state) {
  if constexpr (sizeof(Word) == 4) {
    return state.sha256.data();
  } else {
    return state.sha384.data();
  }
}

template <class Word>
const Word* schedule_of(const ConstantMessage& message) {
  if constexpr (sizeof(Word) == 4) {
    return message.sha256_schedule.data();
  } else {
    return message.sha384_schedule.data();
  }
}

}  // namespace

ConstantMessage::ConstantMessage(Hash hash, const std::uint8_t* padded, std::size_t index_in) : index(index_in) {
  std::memcpy(block.data(), padded, block_size(hash));
  if (hash == Hash::sha256) {
    sha2::schedule256(padded, sha256_schedule.data());
  } else {
    sha2::schedule512(padded, sha384_schedule.data());
  }
}

template <class Word>
void HashRound::Queues<Word>::key(Bytes key, Word* states) {
  KeyBlocks& queue = key_blocks_;
  for (std::size_t outer = 0; outer < 2; ++outer) {
    const std::size_t i = queue.count + outer;
    queue.keys[i] = key.data();
    queue.sizes[i] = key.size();
    queue.pads[i] = outer == 0 ? sha2::Lanes<Word>::kInnerPad : sha2::Lanes<Word>::kOuterPad;
    queue.states[i] = states + 8 * outer;
  }
  queue.count += 2;
  if (queue.count == queue.keys.size()) run_key_blocks();
}

template <class Word>
void HashRound::Queues<Word>::run_key_blocks() {
  lanes_.key_block(key_blocks_.keys.data(), key_blocks_.sizes.data(), key_blocks_.pads.data(),
                   key_blocks_.states.data(), key_blocks_.count);
  key_blocks_.count = 0;
}

template <class Word>
void HashRound::Queues<Word>::mac(const Word* key, const std::uint8_t* message, std::size_t blocks, std::uint8_t* out) {
  assert(blocks >= 1 && blocks <= kMaxMacBlocks);
  Macs& queue = macs_[blocks - 1];
  queue.keys[queue.count] = key;
  queue.messages[queue.count] = message;
  queue.macs[queue.count] = out;
  if (++queue.count == queue.keys.size()) run_macs(blocks);
}

template <class Word>
void HashRound::Queues<Word>::run_macs(std::size_t blocks) {
  Macs& queue = macs_[blocks - 1];
  lanes_.hmac(queue.keys.data(), queue.messages.data(), blocks, queue.macs.data(), queue.count);
  queue.count = 0;
}

template <class Word>
void HashRound::Queues<Word>::mac(const Word* key, const ConstantMessage& message, std::uint8_t* out) {
  if (!lanes_.has_lanes()) {
    mac(key, message.block.data(), 1, out);
    return;
  }
  ConstantMacs& queue = constant_macs_[message.index];
  queue.message = &message;
  queue.keys[queue.count] = key;
  queue.macs[queue.count] = out;
  ++waiting_constant_macs_;
  if (++queue.count < lanes_.width()) return;
  lanes_.hmac_scheduled(queue.keys.data(), schedule_of<Word>(message), queue.macs.data());
  waiting_constant_macs_ -= queue.count;
  queue.count = 0;
}

// What does not fill lanes by itself shares them with other messages.
template <class Word>
void HashRound::Queues<Word>::release_constant_macs() {
  for (ConstantMacs& queue : constant_macs_) {
    for (std::size_t i = 0; i < queue.count; ++i) mac(queue.keys[i], queue.message->block.data(), 1, queue.macs[i]);
    queue.count = 0;
  }
  waiting_constant_macs_ = 0;
}

template <class Word>
void HashRound::Queues<Word>::append(RunningHash& running, Bytes data) {
  if (append_count_ == appends_.size()) run_appends();
  appends_[append_count_++] = {&running, running.begin_append(data)};
}

template <class Word>
void HashRound::Queues<Word>::run_appends() {
  std::array<Chain, kMaxTranscripts> chains;
  std::size_t count = 0;
  for (std::size_t i = 0; i < append_count_; ++i) {
    const RunningHash::Appended& data = appends_[i].data;
    if (data.head == nullptr && data.count == 0) continue;
    chains[count++] = {words_of<Word>(appends_[i].running->state_), data.head, data.blocks, data.count};
  }
  run_chains(chains.data(), count);
  for (std::size_t i = 0; i < append_count_; ++i) appends_[i].running->end_append(appends_[i].data);
  append_count_ = 0;
}

template <class Word>
void HashRound::Queues<Word>::digest(const RunningHash& running, std::uint8_t* out) {
  if (digest_count_ == digests_.size()) {
    run_appends();
    run_digests();
  }
  digests_[digest_count_++] = {&running, out};
}

template <class Word>
void HashRound::Queues<Word>::run_digests() {
  struct Fork {
    HashState state;
    RunningHash::Tail tail;
  };
  std::array<Fork, kMaxTranscripts> forks;
  std::array<Chain, kMaxTranscripts> chains;
  for (std::size_t i = 0; i < digest_count_; ++i) {
    Fork& fork = forks[i];
    fork.state = digests_[i].running->state_;
    chains[i] = {words_of<Word>(fork.state), nullptr, fork.tail.data(), digests_[i].running->last_blocks(fork.tail)};
  }
  run_chains(chains.data(), digest_count_);
  for (std::size_t i = 0; i < digest_count_; ++i) {
    sha2::store_digest<Word>(words_of<Word>(forks[i].state), digests_[i].out);
    // What is hashed may be a secret.
    wipe(MutableBytes(forks[i].tail).first(2 * sha2::Lanes<Word>::kBlock));
  }
  digest_count_ = 0;
}

// Lanes run together up to the end of the shortest; whoever has finished makes room for the next that waits.
template <class Word>
void HashRound::Queues<Word>::run_chains(const Chain* chains, std::size_t count) {
  std::array<Word*, sha2::kMaxLanes> states;
  std::array<const std::uint8_t*, sha2::kMaxLanes> blocks;
  std::array<std::size_t, sha2::kMaxLanes> left;
  std::array<const Chain*, sha2::kMaxLanes> after_head;  // nullptr: nothing comes after `left`
  const Chain* const end = chains + count;
  std::size_t active = 0;
  while (active > 0 || chains != end) {
    for (; active < lanes_.width() && chains != end; ++active, ++chains) {
      states[active] = chains->state;
      const bool with_head = chains->head != nullptr;
      blocks[active] = with_head ? chains->head : chains->blocks;
      left[active] = with_head ? 1 : chains->count;
      after_head[active] = with_head && chains->count != 0 ? chains : nullptr;
    }
    const std::size_t steps = *std::min_element(left.begin(), left.begin() + active);
    lanes_.compress(states.data(), blocks.data(), steps, active);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < active; ++i) {
      states[kept] = states[i];
      blocks[kept] = blocks[i] + steps * sha2::Lanes<Word>::kBlock;
      left[kept] = left[i] - steps;
      after_head[kept] = after_head[i];
      if (left[kept] == 0 && after_head[kept] != nullptr) {
        blocks[kept] = after_head[kept]->blocks;
        left[kept] = after_head[kept]->count;
        after_head[kept] = nullptr;
      }
      if (left[kept] != 0) ++kept;
    }
    active = kept;
  }
}

template <class Word>
void HashRound::Queues<Word>::run() {
  if (key_blocks_.count != 0) run_key_blocks();
  if (waiting_constant_macs_ != 0) release_constant_macs();
  for (std::size_t blocks = 1; blocks <= kMaxMacBlocks; ++blocks) {
    if (macs_[blocks - 1].count != 0) run_macs(blocks);
  }
  if (append_count_ != 0) run_appends();
  if (digest_count_ != 0) run_digests();
}

HashRound::HashRound(sha2::Features features) : sha256_(features), sha384_(features) {}

void HashRound::key(Hash hash, Bytes key, HmacState& out) {
  if (key.empty() || key.size() > block_size(hash)) {
    out = HmacKey(hash, key).state();
  } else if (hash == Hash::sha256) {
    sha256_.key(key, out.sha256.data());
  } else {
    sha384_.key(key, out.sha384.data());
  }
}

void HashRound::mac(Hash hash, const HmacState& key, const std::uint8_t* message, std::size_t blocks,
                    std::uint8_t* out) {
  if (hash == Hash::sha256) {
    sha256_.mac(key.sha256.data(), message, blocks, out);
  } else {
    sha384_.mac(key.sha384.data(), message, blocks, out);
  }
}

void HashRound::mac(Hash hash, const HmacState& key, const ConstantMessage& message, std::uint8_t* out) {
  if (hash == Hash::sha256) {
    sha256_.mac(key.sha256.data(), message, out);
  } else {
    sha384_.mac(key.sha384.data(), message, out);
  }
}

void HashRound::append(RunningHash& running, Bytes data) {
  if (running.hash() == Hash::sha256) {
    sha256_.append(running, data);
  } else {
    sha384_.append(running, data);
  }
}

void HashRound::digest(const RunningHash& running, MutableBytes out) {
  if (running.hash() == Hash::sha256) {
    sha256_.digest(running, out.data());
  } else {
    sha384_.digest(running, out.data());
  }
}

void HashRound::run() {
  sha256_.run();
  sha384_.run();
}

}  // namespace lockstep
