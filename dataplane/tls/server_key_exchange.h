// The ServerKeyExchange and ServerHelloDone messages with ECDHE (RFC 8422 section 5.4, RFC 5246 section 7.4.5).
#pragma once

#include "crypto/job.h"
#include "dataplane/tls/error.h"
#include "dataplane/tls/handshake_message.h"

namespace lockstep::tls {

/// ServerECDHParams: curve type, curve, point.
constexpr std::size_t kMaxEcdhParams = 1 + 2 + 1 + crypto::kMaxPublicKey;
constexpr std::uint8_t kNamedCurve = 3;  // ECCurveType
constexpr std::size_t kMaxServerKeyExchange = kHandshakeHeader + kMaxEcdhParams + 2 + 2 + crypto::kMaxSignature;

/// Writes ServerECDHParams and returns them.
inline Bytes write_ecdh_params(MutableBytes out, crypto::NamedGroup group, Bytes public_key) {
  Writer writer(out);
  writer.u8(kNamedCurve);
  writer.u16(static_cast<std::uint16_t>(group));
  {
    const auto point = writer.length8();
    writer.bytes(public_key);
  }
  return writer.ok() ? Bytes(writer.written()) : Bytes();
}

/// ServerKeyExchange as a client sees it; views into the message.
struct ReceivedKeyExchange {
  Bytes params;  // ServerECDHParams
  crypto::NamedGroup group{};
  Bytes public_key;
  crypto::SignatureScheme scheme{};  // any value, like the group
  Bytes signature;

  /// unexpected_handshake_message, malformed_message, illegal_parameter for a curve without a name.
  Error read(const Message& message) {
    if (message.type != HandshakeType::server_key_exchange) return Error::unexpected_handshake_message;
    Reader reader(message.body);
    const std::uint8_t curve_type = reader.u8();
    if (reader.ok() && curve_type != kNamedCurve) return Error::illegal_parameter;
    group = static_cast<crypto::NamedGroup>(reader.u16());
    public_key = reader.vector8();
    params = message.body.first(message.body.size() - reader.remaining());
    scheme = static_cast<crypto::SignatureScheme>(reader.u16());
    signature = reader.vector16();
    return reader.finished() && !public_key.empty() ? Error::none : Error::malformed_message;
  }
};

/// Puts together what is signed: both randoms and the parameters.
inline void set_key_exchange_content(crypto::SignJob& job, Bytes client_random, Bytes server_random, Bytes params) {
  Writer writer(job.content);
  writer.bytes(client_random);
  writer.bytes(server_random);
  writer.bytes(params);
  job.content_size = static_cast<std::uint16_t>(writer.size());
}

/// Writes ServerHelloDone and returns it.
inline Bytes write_server_hello_done(MutableBytes out) {
  Writer writer(out);
  {
    const auto message = begin_message(writer, HandshakeType::server_hello_done);
  }
  return writer.ok() ? Bytes(writer.written()) : Bytes();
}

/// Writes ServerKeyExchange and returns it.
inline Bytes write_server_key_exchange(MutableBytes out, Bytes params, crypto::SignatureScheme scheme,
                                       Bytes signature) {
  Writer writer(out);
  {
    const auto message = begin_message(writer, HandshakeType::server_key_exchange);
    writer.bytes(params);
    writer.u16(static_cast<std::uint16_t>(scheme));
    const auto length = writer.length16();
    writer.bytes(signature);
  }
  return writer.ok() ? Bytes(writer.written()) : Bytes();
}

}  // namespace lockstep::tls
