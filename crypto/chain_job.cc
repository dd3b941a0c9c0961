#include "crypto/chain_job.h"

namespace lockstep::crypto {

const char* name(ChainVerdict verdict) {
  static constexpr std::array<const char*, 8> kNames = {"valid",   "malformed", "unsupported", "unknown_authority",
                                                        "expired", "revoked",   "wrong_name",  "other"};
  return kNames[static_cast<std::size_t>(verdict)];
}

}  // namespace lockstep::crypto
