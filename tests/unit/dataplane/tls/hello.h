// ClientHellos that tests can bend.
#pragma once

#include <algorithm>
#include <utility>

#include "dataplane/tls/extensions.h"
#include "tests/unit/dataplane/tls/bytes.h"

namespace lockstep::tls::test {

struct Hello {
  std::uint16_t version = 0x0303;
  Buffer random = Buffer(32, 0x11);
  Buffer session_id = Buffer(32, 0x22);
  Buffer cipher_suites;
  Buffer compression_methods = {0};
  std::vector<std::pair<std::uint16_t, Buffer>> extensions;
  bool with_extensions = true;

  /// Sets or replaces an extension; a new one goes to the end.
  Hello& set(std::uint16_t type, const Buffer& body) {
    const auto found = std::find_if(extensions.begin(), extensions.end(), [&](auto& e) { return e.first == type; });
    if (found == extensions.end())
      extensions.emplace_back(type, body);
    else
      found->second = body;
    return *this;
  }
  Hello& set(ExtensionType type, const Buffer& body) { return set(static_cast<std::uint16_t>(type), body); }
  Hello& remove(ExtensionType type) {
    std::erase_if(extensions, [&](auto& e) { return e.first == static_cast<std::uint16_t>(type); });
    return *this;
  }
  Hello& suites(std::initializer_list<std::uint16_t> values) {
    cipher_suites = list16(values);
    return *this;
  }
  Buffer extension_block() const {
    Buffer block;
    for (const auto& [type, body] : extensions) block = join({block, u16(type), vector16(body)});
    return block;
  }
  Buffer body() const {
    Buffer out =
        join({u16(version), random, vector8(session_id), vector16(cipher_suites), vector8(compression_methods)});
    return with_extensions ? join({out, vector16(extension_block())}) : out;
  }
  Buffer whole() const { return message(1, body()); }
};

inline Buffer key_share(std::uint16_t group, const Buffer& key) {
  return join({u16(group), vector16(key)});
}
inline Buffer host_name(std::string_view name) {
  return vector16(join({{0}, vector16(text(name))}));
}

constexpr std::uint16_t kX25519 = 0x001d;
constexpr std::uint16_t kP256 = 0x0017;
constexpr std::uint16_t kP384 = 0x0018;

/// A usual hello for TLS 1.3 (and 1.2), with a share for X25519.
inline Hello hello13() {
  Hello hello;
  hello.suites({0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f});
  hello.set(0x1a1a, {});  // RFC 8701
  hello.set(ExtensionType::server_name, host_name("example.org"));
  hello.set(ExtensionType::extended_master_secret, {});
  hello.set(ExtensionType::renegotiation_info, {0});
  hello.set(ExtensionType::supported_groups, vector16(list16({0x2a2a, kX25519, kP256, kP384})));
  hello.set(ExtensionType::ec_point_formats, {1, 0});
  hello.set(ExtensionType::alpn, vector16(join({vector8(text("h2")), vector8(text("http/1.1"))})));
  hello.set(ExtensionType::signature_algorithms, vector16(list16({0x0403, 0x0804, 0x0401})));
  hello.set(ExtensionType::key_share, vector16(join({key_share(0x2a2a, {0}), key_share(kX25519, Buffer(32, 0x42))})));
  hello.set(ExtensionType::psk_key_exchange_modes, {1, 1});
  hello.set(ExtensionType::supported_versions, vector8(list16({0x3a3a, 0x0304, 0x0303})));
  return hello;
}

/// A usual hello for TLS 1.2 only.
inline Hello hello12() {
  Hello hello;
  hello.suites({0xc02b, 0xc02f, 0x009c, 0x00ff});
  hello.session_id = {};
  hello.set(ExtensionType::server_name, host_name("example.org"));
  hello.set(ExtensionType::extended_master_secret, {});
  hello.set(ExtensionType::supported_groups, vector16(list16({kX25519, kP256})));
  hello.set(ExtensionType::ec_point_formats, {1, 0});
  hello.set(ExtensionType::signature_algorithms, vector16(list16({0x0403, 0x0804, 0x0401})));
  return hello;
}

}  // namespace lockstep::tls::test
