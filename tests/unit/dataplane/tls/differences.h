// Where our answer to a hello is not libssl's (3.0), and why: a reviewed list. A row is one error of ours and one
// answer of libssl's; what we take and libssl does not is described more closely, for there could be harm in it.
#pragma once

#include <array>
#include <string>

#include "crypto/base/bytes.h"
#include "dataplane/tls/error.h"
#include "dataplane/tls/extensions.h"

namespace lockstep::tls::test {

/// A look at a hello that may be damaged anywhere.
class HelloLook {
 public:
  /// `record` holds the hello.
  explicit HelloLook(Bytes record) : reader_(record) {
    reader_.bytes(5 + 4 + 2 + 32);
    reader_.vector8();
    reader_.vector16();
    reader_.vector8();
    reader_.u16();
  }
  /// Whether an extension of this type is there; `body` is set to what it holds.
  bool has(std::uint16_t type, Bytes& body) const {
    for (Reader extensions = reader_; extensions.remaining() >= 4;) {
      const std::uint16_t found = extensions.u16();
      body = extensions.vector16();
      if (found == type) return true;
    }
    return false;
  }
  bool has(ExtensionType type) const { return has_any({static_cast<std::uint16_t>(type)}); }
  bool has_any(std::initializer_list<std::uint16_t> types) const {
    Bytes body;
    for (const std::uint16_t type : types)
      if (has(type, body)) return true;
    return false;
  }
  /// A name of a type that is not host_name.
  bool has_other_name() const {
    Bytes body;
    return has(static_cast<std::uint16_t>(ExtensionType::server_name), body) && body.size() > 2 && body[2] != 0;
  }

 private:
  Reader reader_;
};

// max_fragment_length, status_request, srp, use_srtp, certificate_authorities, post_handshake_auth,
// signature_algorithms_cert: nothing of ours depends on them.
inline bool has_ignored(const HelloLook& hello) {
  return hello.has_any({1, 5, 12, 14, 47, 49, 50});
}

struct Difference {
  Error ours;
  const char* theirs;  // a beginning of libssl's answer
  bool (*when)(const HelloLook&);
  const char* reason;
};

inline bool always(const HelloLook&) {
  return true;
}

inline constexpr Difference kDifferences[] = {
    // What we take.
    {Error::none, "alert", has_ignored,
     "we ignore extensions that we do not speak, malformed or not (RFC 8446 section 4.2); libssl reads them"},
    {Error::none, "alert 50", [](const HelloLook& hello) { return hello.has_other_name(); },
     "we ignore names of other types than host_name (RFC 6066 section 3: more may be defined)"},
    {Error::none, "alert 47", [](const HelloLook& hello) { return hello.has(ExtensionType::key_share); },
     "we check the key share that is used, and groups of shares that we know (RFC 8446 section 4.2.8: servers MAY)"},
    {Error::none, "alert 40", [](const HelloLook& hello) { return !hello.has(ExtensionType::supported_groups); },
     "without supported_groups any group may be chosen (RFC 8422 section 4); libssl has no curve for its certificate"},
    // What we refuse, and libssl takes.
    {Error::bad_renegotiation_info, "hello", always,
     "renegotiation_info must be empty (RFC 5746 section 3.6); libssl does not look at it in TLS 1.3"},
    {Error::bad_renegotiation_info, "retry", always,
     "renegotiation_info must be empty (RFC 5746 section 3.6); libssl does not look at it in TLS 1.3"},
    {Error::duplicate_extension, "hello", always,
     "no type may be there twice (RFC 8446 section 4.2); libssl looks only at types it knows"},
    {Error::duplicate_extension, "retry", always,
     "no type may be there twice (RFC 8446 section 4.2); libssl looks only at types it knows"},
    {Error::illegal_parameter, "hello", always,
     "host names are ASCII (RFC 6066 section 3), and uncompressed is among the point formats (RFC 8422 section 5.1.2)"},
    {Error::illegal_parameter, "retry", always,
     "host names are ASCII (RFC 6066 section 3), and uncompressed is among the point formats (RFC 8422 section 5.1.2)"},
    {Error::malformed_message, "hello", always,
     "an extension that does not parse is a decode_error (RFC 8446 section 6.2); libssl passes over what it does not "
     "use"},
    {Error::malformed_message, "retry", always,
     "an extension that does not parse is a decode_error (RFC 8446 section 6.2); libssl passes over what it does not "
     "use"},
    // What both refuse.
    {Error::no_common_version, "alert 40", always,
     "a legacy_version of 0x0300 is answered with protocol_version (RFC 8446 appendix D.5)"},
    {Error::no_null_compression, "alert 50", always,
     "compression methods without null are an illegal_parameter (RFC 8446 section 4.1.2)"},
    {Error::malformed_message, "alert", always,
     "we read the whole message before anything is chosen, libssl chooses the version and the PSK's place first"},
    {Error::no_common_version, "alert", always, "of two faults the other one was found first"},
    {Error::no_common_group, "alert", has_ignored, "of two faults the other one was found first"},
    {Error::no_common_signature_scheme, "alert", always, "of two faults the other one was found first"},
    {Error::no_null_compression, "alert", always, "of two faults the other one was found first"},
    {Error::bad_renegotiation_info, "alert", always, "of two faults the other one was found first"},
    {Error::duplicate_extension, "alert", always, "of two faults the other one was found first"},
    {Error::illegal_parameter, "alert", always, "of two faults the other one was found first"},
    {Error::missing_extension, "alert", always, "of two faults the other one was found first"},
    {Error::bad_key_share, "alert", always, "of two faults the other one was found first"},
};

/// The reason of a difference between our error and libssl's answer to the hello in `record`; nullptr if it has none.
inline const char* reason_of(Error error, const std::string& theirs, Bytes record) {
  const HelloLook hello(record);
  for (const Difference& difference : kDifferences)
    if (difference.ours == error && theirs.starts_with(difference.theirs) && difference.when(hello))
      return difference.reason;
  return nullptr;
}

}  // namespace lockstep::tls::test
