#include "control/certs/compression.h"

#include <brotli/encode.h>
#include <zlib.h>

#include <vector>

namespace lockstep::certs {
namespace {

constexpr std::size_t kHandshakeHeader = 4;
// Certificates hardly repeat themselves: the best levels save a few bytes more and take ten times as long, which shows
// when thousands of certificates are loaded.
constexpr int kBrotliQuality = 5;
constexpr int kBrotliWindow = 16;  // 64 KB: more than a chain has
constexpr int kZlibLevel = 9;

std::vector<std::uint8_t> by_zlib(Bytes plain) {
  std::vector<std::uint8_t> out(compressBound(plain.size()));
  uLongf size = out.size();
  if (compress2(out.data(), &size, plain.data(), plain.size(), kZlibLevel) != Z_OK) return {};
  out.resize(size);
  return out;
}

std::vector<std::uint8_t> by_brotli(Bytes plain) {
  std::vector<std::uint8_t> out(BrotliEncoderMaxCompressedSize(plain.size()));
  std::size_t size = out.size();
  if (BrotliEncoderCompress(kBrotliQuality, kBrotliWindow, BROTLI_MODE_GENERIC, plain.size(), plain.data(), &size,
                            out.data()) == BROTLI_FALSE)
    return {};
  out.resize(size);
  return out;
}

}  // namespace

void compress(tls::CertificateMessages& messages) {
  const std::vector<tls::CertificateForm> plain = messages.tls13;
  for (const tls::CertificateForm& form : plain) {
    const Bytes body = Bytes(form.messages).subspan(kHandshakeHeader);
    if (const auto made = by_zlib(body); !made.empty())
      tls::add_compressed(messages, form.needs, tls::CompressionAlgorithm::zlib, made);
    if (const auto made = by_brotli(body); !made.empty())
      tls::add_compressed(messages, form.needs, tls::CompressionAlgorithm::brotli, made);
  }
}

}  // namespace lockstep::certs
