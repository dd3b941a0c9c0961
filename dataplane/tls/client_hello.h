// The ClientHello message (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2).
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "crypto/algorithms.h"
#include "dataplane/tls/error.h"
#include "dataplane/tls/handshake_message.h"

namespace lockstep::tls {

/// A list of 16-bit code points as it stands in a message. An empty view: the extension was not sent.
class CodePoints {
 public:
  CodePoints() = default;
  explicit CodePoints(Bytes bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size() / 2; }
  std::uint16_t operator[](std::size_t i) const {
    return static_cast<std::uint16_t>(bytes_[2 * i] << 8U | bytes_[2 * i + 1]);
  }
  /// Where `value` stands first; size() when it does not.
  template <class T>
  std::size_t find(T value) const {
    std::size_t i = 0;
    while (i < size() && (*this)[i] != static_cast<std::uint16_t>(value)) ++i;
    return i;
  }
  template <class T>
  bool contains(T value) const {
    return find(value) != size();
  }

 private:
  Bytes bytes_;
};

/// RFC 8446 section 4.2.9.
enum class PskMode : std::uint8_t { psk_ke = 0, psk_dhe_ke = 1 };

/// What a ClientHello says. Views into the message; unknown extensions, suites, groups and versions are passed over
/// (RFC 8701).
struct ClientHello {
  std::uint16_t legacy_version = 0;
  Bytes random;
  Bytes session_id;
  CodePoints cipher_suites;
  Bytes compression_methods;

  Bytes server_name;  // the host name; empty: none
  CodePoints supported_versions;
  CodePoints supported_groups;
  CodePoints signature_algorithms;
  Bytes ec_point_formats;
  Bytes alpn;                  // ProtocolNameList without its length
  Bytes key_shares;            // KeyShareEntry list without its length
  bool has_key_share = false;  // the list may be empty
  Bytes psk_modes;             // PskKeyExchangeMode list
  Bytes psk_identities;        // PskIdentity list without its length; empty: no pre_shared_key
  Bytes psk_binders;           // as many binders, each with its length; the end of the message
  bool has_early_data = false;
  Bytes cookie;                                     // of a HelloRetryRequest (RFC 8446 section 4.2.2); empty: none
  Bytes session_ticket;                             // TLS 1.2 (RFC 5077 section 3.2)
  bool has_session_ticket = false;                  // it may be empty
  std::optional<std::uint16_t> record_size_limit;   // at least 64
  std::optional<std::uint8_t> max_fragment_length;  // 1 to 4, unless there is a record_size_limit
  bool encrypt_then_mac = false;
  bool status_request = false;                // for an OCSP response (RFC 6066 section 8)
  bool signed_certificate_timestamp = false;  // RFC 6962 section 3.3.1
  CodePoints certificate_compression;         // algorithms (RFC 8879 section 3)
  bool extended_master_secret = false;
  bool secure_renegotiation = false;  // extension or SCSV
  bool fallback = false;              // TLS_FALLBACK_SCSV

  bool offers_psk() const { return !psk_identities.empty(); }
  bool allows(PskMode mode) const {
    return std::find(psk_modes.begin(), psk_modes.end(), static_cast<std::uint8_t>(mode)) != psk_modes.end();
  }
  /// Bytes at the end of the message that binders do not cover: their list with its length (RFC 8446 section
  /// 4.2.11.2).
  std::size_t binders_size() const { return 2 + psk_binders.size(); }

  /// Reads the body: malformed_message when it does not parse to its exact end, duplicate_extension,
  /// illegal_parameter, bad_renegotiation_info, bad_key_share.
  Error read(Bytes body);
  /// The key share for `group` (bad_key_share when its size is wrong); empty when none was sent.
  Error find_key_share(crypto::NamedGroup group, Bytes& key) const;

 private:
  Error read_extensions(Bytes extensions);
  Error read_extension(std::uint16_t type, Bytes body);
  Error read_server_name(Bytes body);
  bool read_offered_psks(Bytes body);
  Error check_key_shares() const;
  Error check_record_sizes() const;
};

/// Digest of what a second ClientHello must repeat after HelloRetryRequest: everything but the extensions that may
/// change (RFC 8446 section 4.1.2). Extensions of types below 64 may be in another order: wolfSSL sends them so, and no
/// meaning hangs on it (section 4.2). `body` has been read without an error.
std::array<std::uint8_t, 32> unchanging_part(Bytes body);

}  // namespace lockstep::tls
