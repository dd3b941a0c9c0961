#include "control/log/events.h"

#include <array>
#include <cstdio>
#include <cstring>

#include "dataplane/tls/server_config.h"

namespace lockstep::log {
namespace {

/// Text of an event's array, which need not be terminated.
template <std::size_t N>
std::string text_of(const std::array<char, N>& array) {
  return {array.data(), strnlen(array.data(), N)};
}

std::string unknown(std::uint16_t code) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "unknown(0x%04x)", static_cast<unsigned>(code));
  return text.data();
}

double in_milliseconds(Duration duration) {
  return static_cast<double>(duration.ns) / 1e6;
}

std::string in_hex(const std::array<std::uint8_t, 32>& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes)
    for (const int digit : {byte >> 4, byte & 0xf}) text += "0123456789abcdef"[digit];
  return text;
}

void add_tls(const proxy::AccessEvent& event, Fields& fields) {
  fields.emplace_back("sni", text_of(event.server_name));
  if (event.version != 0) fields.emplace_back("version", version_name(event.version));
  if (event.cipher_suite != 0)
    fields.emplace_back("suite", tls::name(static_cast<tls::CipherSuite>(event.cipher_suite)));
  if (event.group != 0) fields.emplace_back("group", group_name(event.group));
  if (event.signature_scheme != 0) fields.emplace_back("signature", signature_scheme_name(event.signature_scheme));
  if (event.alpn[0] != '\0') fields.emplace_back("alpn", text_of(event.alpn));
  if (event.client_certificate) {
    fields.emplace_back("client_subject", text_of(event.client_subject));
    fields.emplace_back("client_fingerprint", in_hex(event.client_fingerprint));
    fields.emplace_back("client_verdict", crypto::name(event.client_verdict));
  }
  fields.emplace_back("resumed", event.resumed);
  if (event.early_data) fields.emplace_back("early_data", true);
  if (event.hello_retry) fields.emplace_back("hello_retry", true);
  if (event.established) fields.emplace_back("handshake_ms", in_milliseconds(event.handshake));
  if (event.tls_error != tls::Error::none) fields.emplace_back("tls_error", tls::name(event.tls_error));
}

}  // namespace

std::string version_name(std::uint16_t version) {
  if (version == 0x0304) return "TLSv1.3";
  if (version == 0x0303) return "TLSv1.2";
  return unknown(version);
}

std::string group_name(std::uint16_t group) {
  switch (static_cast<crypto::NamedGroup>(group)) {
    case crypto::NamedGroup::x25519:
      return "x25519";
    case crypto::NamedGroup::secp256r1:
      return "secp256r1";
    case crypto::NamedGroup::secp384r1:
      return "secp384r1";
  }
  return unknown(group);
}

std::string signature_scheme_name(std::uint16_t scheme) {
  using crypto::SignatureScheme;
  switch (static_cast<SignatureScheme>(scheme)) {
    case SignatureScheme::rsa_pkcs1_sha1:
      return "rsa_pkcs1_sha1";
    case SignatureScheme::ecdsa_sha1:
      return "ecdsa_sha1";
    case SignatureScheme::rsa_pkcs1_sha256:
      return "rsa_pkcs1_sha256";
    case SignatureScheme::ecdsa_secp256r1_sha256:
      return "ecdsa_secp256r1_sha256";
    case SignatureScheme::rsa_pkcs1_sha384:
      return "rsa_pkcs1_sha384";
    case SignatureScheme::ecdsa_secp384r1_sha384:
      return "ecdsa_secp384r1_sha384";
    case SignatureScheme::rsa_pkcs1_sha512:
      return "rsa_pkcs1_sha512";
    case SignatureScheme::rsa_pss_rsae_sha256:
      return "rsa_pss_rsae_sha256";
    case SignatureScheme::rsa_pss_rsae_sha384:
      return "rsa_pss_rsae_sha384";
    case SignatureScheme::rsa_pss_rsae_sha512:
      return "rsa_pss_rsae_sha512";
    case SignatureScheme::ed25519:
      return "ed25519";
  }
  return unknown(scheme);
}

Fields access_fields(const proxy::AccessEvent& event) {
  Fields fields = {{"service", text_of(event.service)},
                   {"mode", event.mode == proxy::Mode::tls ? "tls" : "tcp"},
                   {"client", event.client.remote.to_string()},
                   {"local", event.client.local.to_string()}};
  if (event.mode == proxy::Mode::tls) add_tls(event, fields);
  if (event.backend[0] != '\0') {
    fields.emplace_back("backend", text_of(event.backend));
    fields.emplace_back("backend_address", event.backend_address.to_string());
    if (event.backend_handshake != proxy::BackendHandshake::none)
      fields.emplace_back("backend_tls",
                          event.backend_handshake == proxy::BackendHandshake::resumed ? "resumed" : "full");
    if (event.backend_tls_error != tls::Error::none)
      fields.emplace_back("backend_tls_error", tls::name(event.backend_tls_error));
    if (event.backend_close != tcp::CloseReason::none)
      fields.emplace_back("backend_close", tcp::name(event.backend_close));
  }
  fields.emplace_back("received", event.bytes_received);
  fields.emplace_back("sent", event.bytes_sent);
  fields.emplace_back("duration_ms", in_milliseconds(event.duration));
  if (event.client_close != tcp::CloseReason::none) fields.emplace_back("client_close", tcp::name(event.client_close));
  fields.emplace_back("reason", text_of(event.reason));
  return fields;
}

std::optional<EventLine> event_line(const Event& event) {
  if (event.kind == proxy::kAccessEvent) {
    EventLine line{"access", Level::info, access_fields(event.as<proxy::AccessEvent>())};
    line.fields.emplace_back("worker", event.worker);
    return line;
  }
  if (event.kind == proxy::kBackendEvent) {
    const auto backend = event.as<proxy::BackendEvent>();
    return EventLine{backend.ejected ? "backend_ejected" : "backend_returned",
                     backend.ejected ? Level::warning : Level::info,
                     {{"service", text_of(backend.service)},
                      {"backend", text_of(backend.backend)},
                      {"address", backend.address.to_string()},
                      {"failures", backend.failures},
                      {"worker", event.worker}}};
  }
  return std::nullopt;
}

}  // namespace lockstep::log
