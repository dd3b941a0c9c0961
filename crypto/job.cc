#include "crypto/job.h"

namespace lockstep::crypto {

const char* name(JobKind kind) {
  switch (kind) {
    case JobKind::key_share:
      return "key_share";
    case JobKind::derive:
      return "derive";
    case JobKind::sign:
      return "sign";
    case JobKind::transcript:
      return "transcript";
    case JobKind::tls13_server_flight:
      return "tls13_server_flight";
    case JobKind::tls13_key_update:
      return "tls13_key_update";
    case JobKind::tls12_master_secret:
      return "tls12_master_secret";
    case JobKind::tls12_finished:
      return "tls12_finished";
    case JobKind::seal:
      return "seal";
    case JobKind::open:
      return "open";
  }
  return "unknown";
}

}  // namespace lockstep::crypto
