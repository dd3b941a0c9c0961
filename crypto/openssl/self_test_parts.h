// The parts of the self-test; for self_test*.cc only.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/engine.h"
#include "crypto/openssl/key.h"

namespace lockstep::crypto::self_test_parts {

/// Empty when all is well, else what failed.
using Complaint = std::string;

/// Runs `jobs` to their end; false when the engine does not hand all of them back.
bool run(Engine& engine, std::span<Job* const> jobs);
/// Runs one job; true when it ended with status ok.
bool succeeds(Engine& engine, Job& job);
/// The bytes start, start + 1, ... modulo 256.
std::vector<std::uint8_t> pattern(unsigned start, std::size_t size);
/// Bytes from lower-case hexadecimal digits.
std::vector<std::uint8_t> from_hex(std::string_view digits);
bool equal(Bytes a, Bytes b);

/// A key to sign with, made once in the process (an RSA key, of 2048 bits, takes a tenth of a second); nullptr when
/// libcrypto cannot.
OpensslKey* key_of(KeyType type);
/// Shows that key to `prepare_key`, if there is one, the first time.
void prepare_key_once(KeyType type, void (*prepare_key)(PrivateKey&));
/// What such a key signs, the usual scheme first; what lanes do not have is left out.
std::vector<SignatureScheme> schemes_of(KeyType type);

Complaint key_share(Engine& engine, Engine& reference, NamedGroup group);
Complaint derive(Engine& engine, NamedGroup group);
Complaint sign(Engine& engine, KeyType type, void (*prepare_key)(PrivateKey&));
Complaint verify(Engine& engine, KeyType type);
Complaint transcript(Engine& engine);
Complaint tls13_server_flight(Engine& engine);
Complaint tls13_key_update(Engine& engine);
Complaint tls13_binder(Engine& engine);
Complaint tls13_early_data(Engine& engine);
Complaint tls13_resumption(Engine& engine);
Complaint tls13_client_finished(Engine& engine);
Complaint tls12_master_secret(Engine& engine);
Complaint tls12_finished(Engine& engine);
Complaint seal(Engine& engine, Engine& reference);
Complaint open(Engine& engine, Engine& reference);
Complaint cbc_seal(Engine& engine, Engine& reference);
Complaint cbc_open(Engine& engine, Engine& reference);

}  // namespace lockstep::crypto::self_test_parts
