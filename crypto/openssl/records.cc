#include "crypto/openssl/records.h"

#include <openssl/err.h>

namespace lockstep::crypto {
namespace {

constexpr std::array kCipherNames = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};

std::size_t index_of(Aead aead) {
  return static_cast<std::size_t>(aead);
}

}  // namespace

RecordOperations::RecordOperations() {
  for (std::size_t i = 0; i < kAeads; ++i) {
    ciphers_[i].reset(EVP_CIPHER_fetch(nullptr, kCipherNames[i], nullptr));
    sealing_[i].context.reset(EVP_CIPHER_CTX_new());
    opening_[i].context.reset(EVP_CIPHER_CTX_new());
  }
}

bool RecordOperations::ready() const {
  for (std::size_t i = 0; i < kAeads; ++i)
    if (ciphers_[i] == nullptr || sealing_[i].context == nullptr || opening_[i].context == nullptr) return false;
  return true;
}

bool RecordOperations::start(Direction& direction, const RecordKeys& keys, bool encrypt, Bytes nonce, Bytes aad) {
  EVP_CIPHER_CTX* const context = direction.context.get();
  const int encrypting = encrypt ? 1 : 0;
  if (keys.id == 0) return false;  // keys that were never set
  if (direction.id != keys.id) {
    direction.id = 0;
    const Bytes key = keys.key.expose(key_size(keys.aead));
    if (EVP_CipherInit_ex2(context, ciphers_[index_of(keys.aead)].get(), key.data(), nonce.data(), encrypting,
                           nullptr) != 1)
      return false;
    direction.id = keys.id;
  } else if (EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), encrypting, nullptr) != 1) {
    return false;
  }
  int length = 0;
  return aad.empty() || EVP_CipherUpdate(context, nullptr, &length, aad.data(), static_cast<int>(aad.size())) == 1;
}

JobStatus RecordOperations::seal(SealJob& job) {
  Direction& direction = sealing_[index_of(job.keys->aead)];
  if (start(direction, *job.keys, true, job.nonce, Bytes(job.aad).first(job.aad_size)) &&
      seal_pieces(direction.context.get(), job))
    return JobStatus::ok;
  ERR_clear_error();
  return JobStatus::engine_failed;
}

bool RecordOperations::seal_pieces(EVP_CIPHER_CTX* context, SealJob& job) {
  std::uint8_t* out = job.ciphertext;
  int length = 0;
  for (std::size_t i = 0; i < job.piece_count; ++i) {
    const Bytes piece = job.plaintext[i];
    if (piece.empty()) continue;
    if (EVP_CipherUpdate(context, out, &length, piece.data(), static_cast<int>(piece.size())) != 1) return false;
    out += length;
  }
  if (job.has_trailer) {
    if (EVP_CipherUpdate(context, out, &length, &job.trailer, 1) != 1) return false;
    out += length;
  }
  return EVP_CipherFinal_ex(context, out, &length) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTag, out) == 1;
}

JobStatus RecordOperations::open(OpenJob& job) {
  Direction& direction = opening_[index_of(job.keys->aead)];
  EVP_CIPHER_CTX* const context = direction.context.get();
  if (!start(direction, *job.keys, false, job.nonce, Bytes(job.aad).first(job.aad_size)) ||
      !open_pieces(context, job) ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTag, job.tag.data()) != 1) {
    ERR_clear_error();
    return JobStatus::engine_failed;
  }
  int length = 0;
  std::array<std::uint8_t, EVP_MAX_BLOCK_LENGTH> rest{};
  if (EVP_CipherFinal_ex(context, rest.data(), &length) == 1) return JobStatus::ok;
  ERR_clear_error();
  for (std::size_t i = 0; i < job.piece_count; ++i)
    if (!job.ciphertext[i].empty()) wipe(job.ciphertext[i]);
  return JobStatus::bad_record;
}

bool RecordOperations::open_pieces(EVP_CIPHER_CTX* context, OpenJob& job) {
  for (std::size_t i = 0; i < job.piece_count; ++i) {
    const MutableBytes piece = job.ciphertext[i];
    int length = 0;
    if (!piece.empty() &&
        EVP_CipherUpdate(context, piece.data(), &length, piece.data(), static_cast<int>(piece.size())) != 1)
      return false;
  }
  return true;
}

void RecordOperations::forget(std::uint64_t id) {
  if (id == 0) return;
  for (auto* const directions : {&sealing_, &opening_}) {
    for (Direction& direction : *directions) {
      if (direction.id != id) continue;
      EVP_CIPHER_CTX_reset(direction.context.get());
      direction.id = 0;
    }
  }
}

}  // namespace lockstep::crypto
