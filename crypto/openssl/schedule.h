// The key schedules of TLS 1.3 and 1.2 on libcrypto's KDFs.
#pragma once

#include <array>
#include <string_view>

#include "crypto/job.h"
#include "crypto/openssl/handles.h"

namespace lockstep::crypto {

/// Written straight from the RFCs, one call after another: what faster engines are checked against. Transcripts are
/// RunningHash, every HMAC, HKDF and PRF is libcrypto's.
class ScheduleOperations {
 public:
  ScheduleOperations();
  /// False when libcrypto lacks something.
  bool ready() const;

  /// Make the job's results and say how it went.
  static JobStatus transcript(TranscriptJob& job);
  JobStatus tls13_server_flight(Tls13ServerFlightJob& job);
  JobStatus tls13_key_update(Tls13KeyUpdateJob& job);
  JobStatus tls13_binder(Tls13BinderJob& job);
  JobStatus tls13_early_data(Tls13EarlyDataJob& job);
  JobStatus tls13_resumption(Tls13ResumptionJob& job);
  JobStatus tls13_client_finished(Tls13ClientFinishedJob& job);
  JobStatus tls12_master_secret(Tls12MasterSecretJob& job);
  JobStatus tls12_finished(Tls12FinishedJob& job);
  JobStatus export_keying_material(ExportJob& job);

 private:
  bool flight(Tls13ServerFlightJob& job);
  bool master_secret(Tls12MasterSecretJob& job);
  bool key_block(Tls12MasterSecretJob& job);
  bool give_out(Tls13ServerFlightJob& job, Bytes client_traffic, Bytes server_traffic, Bytes digest);
  bool export_tls13(ExportJob& job);
  bool export_tls12(ExportJob& job);
  bool extract(Hash hash, Bytes salt, Bytes input, MutableBytes out);
  bool expand_label(Hash hash, Bytes secret, std::string_view label, Bytes context, MutableBytes out);
  bool traffic_keys(Hash hash, Bytes secret, RecordKeys& keys);
  bool finished_value(Hash hash, Bytes traffic_secret, Bytes digest, MutableBytes out);
  bool hmac(Hash hash, Bytes key, Bytes data, MutableBytes out);
  bool prf(Hash hash, Bytes secret, std::string_view label, Bytes seed, MutableBytes out);

  UniqueKdfContext hkdf_;
  UniqueKdfContext tls13_;
  UniqueKdfContext tls1_prf_;
  UniqueMacContext hmac_;
};

}  // namespace lockstep::crypto
