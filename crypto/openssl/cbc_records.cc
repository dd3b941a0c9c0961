#include "crypto/openssl/cbc_records.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include <algorithm>

#include "crypto/base/constant_time.h"

namespace lockstep::crypto {
namespace {

const char* digest_name(CbcSuite suite) {
  return mac_size(suite) == 20 ? "SHA1" : mac_size(suite) == 32 ? "SHA256" : "SHA384";
}

/// What the MAC covers before the content (RFC 5246 section 6.2.3.1).
std::array<std::uint8_t, 13> header_of(const CbcRecordHeader& header, std::size_t size) {
  std::array<std::uint8_t, 13> bytes;
  Writer writer(bytes);
  writer.u64(header.sequence_number);
  writer.u8(header.content_type);
  writer.u16(header.version);
  writer.u16(static_cast<std::uint16_t>(size));
  return bytes;
}

template <class Pieces>
std::size_t size_of(const Pieces& pieces, std::size_t count) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) size += pieces[i].size();
  return size;
}

}  // namespace

CbcRecordOperations::CbcRecordOperations()
    : ciphers_{UniqueCipher(EVP_CIPHER_fetch(nullptr, "AES-128-CBC", nullptr)),
               UniqueCipher(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr))},
      sealing_(EVP_CIPHER_CTX_new()),
      opening_(EVP_CIPHER_CTX_new()),
      hmac_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)) {}

bool CbcRecordOperations::ready() const {
  return ciphers_[0] != nullptr && ciphers_[1] != nullptr && sealing_ != nullptr && opening_ != nullptr &&
         hmac_ != nullptr;
}

JobStatus CbcRecordOperations::seal(CbcSealJob& job) {
  const std::size_t size = size_of(job.plaintext, job.piece_count);
  if (job.keys->id == 0 || size > kMaxCbcPlaintext) return JobStatus::engine_failed;
  id_ = job.keys->id;
  if (seal_record(job, size)) return JobStatus::ok;
  ERR_clear_error();
  return JobStatus::engine_failed;
}

bool CbcRecordOperations::seal_record(CbcSealJob& job, std::size_t size) {
  const CbcRecordKeys& keys = *job.keys;
  const std::size_t mac_bytes = mac_size(keys.suite);
  Writer writer({job.fragment, cbc_fragment_size(keys, size)});
  writer.bytes(job.iv);
  for (std::size_t i = 0; i < job.piece_count; ++i) writer.bytes(job.plaintext[i]);
  const MutableBytes content = writer.written().subspan(kCbcBlock);
  if (!keys.encrypt_then_mac && !mac(keys, job.header, content, 0, writer.reserve(mac_bytes))) return false;
  const std::size_t padding = kCbcBlock - 1 - writer.size() % kCbcBlock;
  for (std::size_t i = 0; i <= padding; ++i) writer.u8(static_cast<std::uint8_t>(padding));
  if (!encrypt(job, job.fragment + kCbcBlock, writer.size() - kCbcBlock)) return false;
  const Bytes authenticated = writer.written();
  return (!keys.encrypt_then_mac || mac(keys, job.header, authenticated, 0, writer.reserve(mac_bytes))) && writer.ok();
}

bool CbcRecordOperations::encrypt(const CbcSealJob& job, std::uint8_t* ciphertext, std::size_t size) {
  const CbcRecordKeys& keys = *job.keys;
  EVP_CIPHER_CTX* const context = sealing_.get();
  const EVP_CIPHER* const cipher = ciphers_[key_size(keys.suite) == 16 ? 0 : 1].get();
  int length = 0;
  return EVP_EncryptInit_ex2(context, cipher, keys.key.expose().data(), job.iv.data(), nullptr) == 1 &&
         EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
         EVP_EncryptUpdate(context, ciphertext, &length, ciphertext, static_cast<int>(size)) == 1 &&
         static_cast<std::size_t>(length) == size;
}

JobStatus CbcRecordOperations::open(CbcOpenJob& job) {
  if (job.keys->id == 0) return JobStatus::engine_failed;
  id_ = job.keys->id;
  job.plaintext_offset = 0;
  job.plaintext_size = 0;
  const std::size_t size = size_of(job.fragment, job.piece_count);
  std::size_t content_size = 0;
  bool good = size <= gathered_.size();
  if (good) {
    std::uint8_t* to = gathered_.data();
    for (std::size_t i = 0; i < job.piece_count; ++i)
      to = std::copy(job.fragment[i].begin(), job.fragment[i].end(), to);
    good = open_record(job, MutableBytes(gathered_).first(size), content_size);
  }
  const std::uint8_t* from = gathered_.data();
  for (std::size_t i = 0; i < job.piece_count; ++i) {
    if (good)
      std::copy_n(from, job.fragment[i].size(), job.fragment[i].begin());
    else
      wipe(job.fragment[i]);
    from += job.fragment[i].size();
  }
  wipe(MutableBytes(gathered_).first(std::min(size, gathered_.size())));
  ERR_clear_error();
  if (!good) return JobStatus::bad_record;
  job.plaintext_offset = kCbcBlock;
  job.plaintext_size = static_cast<std::uint16_t>(content_size);
  return JobStatus::ok;
}

bool CbcRecordOperations::open_record(const CbcOpenJob& job, MutableBytes fragment, std::size_t& content_size) {
  const CbcRecordKeys& keys = *job.keys;
  const std::size_t mac_bytes = mac_size(keys.suite);
  std::array<std::uint8_t, kMaxMac> expected{};
  const MutableBytes made = MutableBytes(expected).first(mac_bytes);
  int length = 0;
  if (keys.encrypt_then_mac) {
    if (fragment.size() < 2 * kCbcBlock + mac_bytes) return false;
    const MutableBytes authenticated = fragment.first(fragment.size() - mac_bytes);
    if (!mac(keys, job.header, authenticated, 0, made) || !equal_constant_time(made, fragment.last(mac_bytes)) ||
        !decrypt(keys, authenticated, 0, length))
      return false;
    content_size = static_cast<std::size_t>(length);
    return true;
  }
  // The padding length is one byte at least.
  if (fragment.size() < kCbcBlock + mac_bytes + 1 || !decrypt(keys, fragment, mac_bytes, length)) return false;
  content_size = static_cast<std::size_t>(length);
  const std::uint8_t* received = nullptr;
  std::array<OSSL_PARAM, 2> query = {
      OSSL_PARAM_construct_octet_ptr(OSSL_CIPHER_PARAM_TLS_MAC,
                                     reinterpret_cast<void**>(const_cast<std::uint8_t**>(&received)), mac_bytes),
      OSSL_PARAM_construct_end()};
  return EVP_CIPHER_CTX_get_params(opening_.get(), query.data()) == 1 && received != nullptr &&
         mac(keys, job.header, fragment.subspan(kCbcBlock, content_size), fragment.size() - kCbcBlock, made) &&
         equal_constant_time(made, {received, mac_bytes});
}

bool CbcRecordOperations::decrypt(const CbcRecordKeys& keys, MutableBytes fragment, std::size_t mac_bytes,
                                  int& content_size) {
  constexpr int kTls12 = 0x0303;
  int version = kTls12;
  const std::array<OSSL_PARAM, 3> params = {OSSL_PARAM_construct_int(OSSL_CIPHER_PARAM_TLS_VERSION, &version),
                                            OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_TLS_MAC_SIZE, &mac_bytes),
                                            OSSL_PARAM_construct_end()};
  EVP_CIPHER_CTX* const context = opening_.get();
  const EVP_CIPHER* const cipher = ciphers_[key_size(keys.suite) == 16 ? 0 : 1].get();
  return EVP_DecryptInit_ex2(context, cipher, keys.key.expose().data(), fragment.data(), params.data()) == 1 &&
         EVP_DecryptUpdate(context, fragment.data(), &content_size, fragment.data(),
                           static_cast<int>(fragment.size())) == 1;
}

bool CbcRecordOperations::mac(const CbcRecordKeys& keys, const CbcRecordHeader& header, Bytes content,
                              std::size_t tls_size, MutableBytes out) {
  const std::array bytes = header_of(header, content.size());
  std::array<OSSL_PARAM, 3> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest_name(keys.suite)), 0),
      OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_TLS_DATA_SIZE, &tls_size), OSSL_PARAM_construct_end()};
  const Bytes key = keys.mac_key.expose(mac_size(keys.suite));
  // A context that was used for TLS once takes no second header.
  const UniqueMacContext owner(EVP_MAC_CTX_new(hmac_.get()));
  EVP_MAC_CTX* const context = owner.get();
  std::size_t length = 0;
  return context != nullptr && out.size() == key.size() &&
         EVP_MAC_init(context, key.data(), key.size(), params.data()) == 1 &&
         EVP_MAC_update(context, bytes.data(), bytes.size()) == 1 &&
         EVP_MAC_update(context, content.data(), content.size()) == 1 &&
         EVP_MAC_final(context, out.data(), &length, out.size()) == 1 && length == out.size();
}

void CbcRecordOperations::forget(std::uint64_t id) {
  if (id == 0 || id_ != id) return;
  EVP_CIPHER_CTX_reset(sealing_.get());
  EVP_CIPHER_CTX_reset(opening_.get());
  id_ = 0;
}

}  // namespace lockstep::crypto
