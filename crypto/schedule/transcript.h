// Transcripts (RFC 8446 section 4.4.1) as steps; see tls13.h.
#pragma once

#include "crypto/base/hash_round.h"
#include "crypto/job.h"

namespace lockstep::crypto {

/// One TranscriptJob: each step appends a piece and reads the digest.
class TranscriptExtension {
 public:
  using JobType = TranscriptJob;
  explicit TranscriptExtension(TranscriptJob& job) : job_(job) {}

  /// Adds the next step's work; false when there is no step left.
  bool step(HashRound& round) {
    if (next_ == job_.append.size()) return false;
    if (next_ == 1 && job_.append[1].empty()) {
      job_.digest[1] = job_.digest[0];
      return false;
    }
    round.append(*job_.transcript, job_.append[next_]);
    round.digest(*job_.transcript, job_.digest[next_]);
    ++next_;
    return true;
  }

 private:
  TranscriptJob& job_;
  std::size_t next_ = 0;
};

}  // namespace lockstep::crypto
