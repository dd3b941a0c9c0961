// Why a TLS connection fails, and whose fault it is: one name per misbehaviour, mapped to alerts in one table.
#pragma once

#include <cstdint>

namespace lockstep::tls {

// clang-format off
// X(name, AlertDescription)
#define LOCKSTEP_TLS_ALERTS(X) \
  X(close_notify, 0) \
  X(unexpected_message, 10) \
  X(bad_record_mac, 20) \
  X(record_overflow, 22) \
  X(handshake_failure, 40) \
  X(bad_certificate, 42) \
  X(unsupported_certificate, 43) \
  X(certificate_revoked, 44) \
  X(certificate_expired, 45) \
  X(certificate_unknown, 46) \
  X(illegal_parameter, 47) \
  X(unknown_ca, 48) \
  X(decode_error, 50) \
  X(decrypt_error, 51) \
  X(protocol_version, 70) \
  X(insufficient_security, 71) \
  X(internal_error, 80) \
  X(inappropriate_fallback, 86) \
  X(user_canceled, 90) \
  X(no_renegotiation, 100) \
  X(missing_extension, 109) \
  X(unsupported_extension, 110) \
  X(unrecognized_name, 112) \
  X(bad_certificate_status_response, 113) \
  X(unknown_psk_identity, 115) \
  X(certificate_required, 116) \
  X(no_application_protocol, 120)
// clang-format on

/// RFC 8446 section 6.
enum class Alert : std::uint8_t {
#define LOCKSTEP_TLS_ALERT(name, description) name = (description),
  LOCKSTEP_TLS_ALERTS(LOCKSTEP_TLS_ALERT)
#undef LOCKSTEP_TLS_ALERT
};

/// The name of an AlertDescription, as the RFCs have it; nullptr: none that is known here.
const char* alert_name(std::uint8_t description);

enum class Fault : std::uint8_t { none, peer_malformed, peer_incompatible, peer_misbehaved, peer_left, local };

// X(name, fault, alert, text)
#define LOCKSTEP_TLS_ERRORS(X)                                                                                       \
  X(none, none, close_notify, "no error")                                                                            \
  X(malformed_record_header, peer_malformed, decode_error, "record header is not TLS")                               \
  X(unexpected_record_type, peer_misbehaved, unexpected_message, "record of a type not allowed now")                 \
  X(record_too_long, peer_malformed, record_overflow, "record longer than allowed")                                  \
  X(empty_record, peer_misbehaved, unexpected_message, "empty handshake or alert record")                            \
  X(too_many_empty_records, peer_misbehaved, unexpected_message, "too many records without content")                 \
  X(bad_record, peer_misbehaved, bad_record_mac, "record does not authenticate")                                     \
  X(missing_content_type, peer_malformed, unexpected_message, "record without inner content type")                   \
  X(bad_change_cipher_spec, peer_misbehaved, unexpected_message,                                                     \
    "change_cipher_spec at a wrong place or with a wrong value")                                                     \
  X(malformed_alert, peer_malformed, decode_error, "alert is not two bytes")                                         \
  X(too_many_alerts, peer_misbehaved, unexpected_message, "too many warning alerts")                                 \
  X(unexpected_handshake_message, peer_misbehaved, unexpected_message, "handshake message not allowed now")          \
  X(handshake_message_too_long, peer_misbehaved, illegal_parameter, "handshake message longer than the limit")       \
  X(data_across_key_change, peer_misbehaved, unexpected_message, "handshake data across a key change")               \
  X(malformed_message, peer_malformed, decode_error, "handshake message does not parse")                             \
  X(duplicate_extension, peer_malformed, illegal_parameter, "extension sent twice")                                  \
  X(illegal_parameter, peer_misbehaved, illegal_parameter, "field with an illegal value")                            \
  X(missing_extension, peer_misbehaved, missing_extension, "mandatory extension is missing")                         \
  X(no_common_version, peer_incompatible, protocol_version, "no common protocol version")                            \
  X(inappropriate_fallback, peer_incompatible, inappropriate_fallback, "client fell back below what both support")   \
  X(no_common_cipher_suite, peer_incompatible, handshake_failure, "no common cipher suite")                          \
  X(no_common_group, peer_incompatible, handshake_failure, "no common group")                                        \
  X(no_common_signature_scheme, peer_incompatible, handshake_failure, "no common signature scheme")                  \
  X(extended_master_secret_dropped, peer_misbehaved, handshake_failure,                                              \
    "session resumed without its extended_master_secret")                                                            \
  X(no_null_compression, peer_misbehaved, illegal_parameter, "null compression not offered")                         \
  X(no_common_alpn, peer_incompatible, no_application_protocol, "no common application protocol")                    \
  X(unknown_server_name, peer_incompatible, unrecognized_name, "no certificate for this server name")                \
  X(bad_key_share, peer_misbehaved, illegal_parameter, "key share is not a valid public key")                        \
  X(bad_cookie, peer_misbehaved, illegal_parameter, "cookie of the second ClientHello is not ours")                  \
  X(hello_changed_after_retry, peer_misbehaved, illegal_parameter, "second ClientHello differs from the first")      \
  X(bad_binder, peer_misbehaved, decrypt_error, "binder does not show that the peer has the PSK")                    \
  X(too_much_early_data, peer_misbehaved, unexpected_message, "more early data than the ticket allows")              \
  X(malformed_certificate, peer_malformed, bad_certificate,                                                          \
    "certificate does not parse, or a signature in its chain is wrong")                                              \
  X(unsupported_certificate, peer_incompatible, unsupported_certificate,                                             \
    "certificate of a kind that cannot serve here")                                                                  \
  X(unknown_authority, peer_incompatible, unknown_ca, "certificate of an authority that is not trusted")             \
  X(expired_certificate, peer_incompatible, certificate_expired, "certificate is expired, or not valid yet")         \
  X(revoked_certificate, peer_incompatible, certificate_revoked, "certificate was revoked")                          \
  X(untrusted_certificate, peer_incompatible, certificate_unknown, "certificate cannot be trusted")                  \
  X(certificate_required, peer_incompatible, certificate_required, "no certificate where one is required")           \
  X(certificate_required_tls12, peer_incompatible, handshake_failure,                                                \
    "no certificate where one is required, in TLS 1.2")                                                              \
  X(unsolicited_extension, peer_misbehaved, unsupported_extension, "extension that was not asked for")               \
  X(misplaced_extension, peer_misbehaved, illegal_parameter, "extension that does not belong into this message")     \
  X(downgraded, peer_misbehaved, illegal_parameter, "random that says TLS 1.3 was negotiated away")                  \
  X(version_not_offered, peer_misbehaved, illegal_parameter, "version that was not offered")                         \
  X(session_id_not_echoed, peer_misbehaved, illegal_parameter, "session identifier is not the one that was sent")    \
  X(suite_not_offered, peer_misbehaved, illegal_parameter, "cipher suite that was not offered")                      \
  X(compression_chosen, peer_misbehaved, illegal_parameter, "compression that was not offered")                      \
  X(group_not_offered, peer_misbehaved, illegal_parameter, "group that was not offered")                             \
  X(alpn_not_offered, peer_misbehaved, illegal_parameter, "application protocol that was not offered")               \
  X(unchanged_retry, peer_misbehaved, illegal_parameter, "HelloRetryRequest that asks for nothing new")              \
  X(second_hello_retry, peer_misbehaved, unexpected_message, "second HelloRetryRequest")                             \
  X(suite_changed_after_retry, peer_misbehaved, illegal_parameter,                                                   \
    "cipher suite is not that of the HelloRetryRequest")                                                             \
  X(cookie_too_long, peer_incompatible, handshake_failure, "cookie longer than the limit")                           \
  X(empty_certificate, peer_misbehaved, decode_error, "server without a certificate")                                \
  X(wrong_certificate_name, peer_incompatible, bad_certificate, "certificate for another name")                      \
  X(psk_not_offered, peer_misbehaved, illegal_parameter, "PSK that was not offered")                                 \
  X(psk_of_other_hash, peer_misbehaved, illegal_parameter, "cipher suite whose hash is not the PSK's")               \
  X(psk_without_key_share, peer_misbehaved, illegal_parameter, "PSK without the key share that it needs")            \
  X(version_changed_after_retry, peer_misbehaved, illegal_parameter, "version is not that of the HelloRetryRequest") \
  X(session_not_offered, peer_misbehaved, illegal_parameter, "session that was not offered")                         \
  X(suite_changed_on_resumption, peer_misbehaved, illegal_parameter, "cipher suite is not the session's")            \
  X(no_extended_master_secret, peer_incompatible, handshake_failure, "extended_master_secret is not supported")      \
  X(no_secure_renegotiation, peer_incompatible, handshake_failure, "renegotiation_info is not supported")            \
  X(certificate_not_of_suite, peer_misbehaved, illegal_parameter, "certificate that the cipher suite is not for")    \
  X(bad_key_exchange_signature, peer_misbehaved, decrypt_error, "ServerKeyExchange does not verify")                 \
  X(bad_signature_scheme, peer_misbehaved, illegal_parameter,                                                        \
    "signature by a scheme that was not asked for, or not of that key")                                              \
  X(bad_certificate_verify, peer_misbehaved, decrypt_error, "CertificateVerify does not verify")                     \
  X(bad_finished, peer_misbehaved, decrypt_error, "Finished does not verify")                                        \
  X(bad_renegotiation_info, peer_misbehaved, handshake_failure, "renegotiation_info is not empty")                   \
  X(renegotiation_refused, peer_incompatible, no_renegotiation, "renegotiation is not supported")                    \
  X(too_many_key_updates, peer_misbehaved, unexpected_message, "too many KeyUpdate messages")                        \
  X(handshake_timeout, peer_left, user_canceled, "handshake took too long")                                          \
  X(peer_alert, peer_left, close_notify, "fatal alert from the peer")                                                \
  X(truncated, peer_left, close_notify, "connection ended without close_notify")                                     \
  X(not_tls, peer_malformed, decode_error, "the peer does not speak TLS")                                            \
  X(no_memory, local, internal_error, "a pool is exhausted")                                                         \
  X(engine_failed, local, internal_error, "an engine failed")                                                        \
  X(record_limit, local, internal_error, "sequence numbers are used up")

enum class Error : std::uint8_t {
#define LOCKSTEP_TLS_ERROR_NAME(name, fault, alert, text) name,
  LOCKSTEP_TLS_ERRORS(LOCKSTEP_TLS_ERROR_NAME)
#undef LOCKSTEP_TLS_ERROR_NAME
};

Fault fault_of(Error error);
Alert alert_of(Error error);
/// The enumerator's name, for metrics and logs.
const char* name(Error error);
/// One sentence for people.
const char* describe(Error error);

}  // namespace lockstep::tls
