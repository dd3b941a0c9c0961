// The end of a decrypted CBC record: padding, MAC over what is before it, and their comparison, as crypto/record does
// it. The decryption itself is ipsec-mb's and cannot be instrumented.
#include <array>

#include "crypto/record/cbc_padding.h"
#include "crypto/record/record_mac.h"
#include "tests/constant_time/subject.h"

namespace lockstep::constant_time {
namespace {

using crypto::CbcEnd;
using crypto::HmacStates;
using crypto::MacHash;
using crypto::RecordMac;

constexpr std::size_t kRecords = 16;
constexpr std::size_t kDecrypted = 512;

constexpr std::size_t mac_size(MacHash hash) {
  return hash == MacHash::sha1 ? 20 : hash == MacHash::sha256 ? 32 : 48;
}

struct Input {
  struct {
    std::uint8_t decrypted[kRecords][kDecrypted];
    HmacStates keys[kRecords];
  } secret;
};
struct Output {
  std::uint64_t good[kRecords];
  std::uint64_t content_size[kRecords];
};

RecordMac make_mac(const Input& input, std::size_t i, std::size_t size, std::size_t shortest, std::size_t longest) {
  RecordMac mac;
  mac.key = &input.secret.keys[i];
  crypto::write_mac_header({}, size, mac.header.data());
  mac.content = input.secret.decrypted[i];
  mac.shortest = shortest;
  mac.longest = longest;
  mac.size = size;
  return mac;
}

// Random: anything, so that nearly every padding and every MAC is wrong. The edges: a good record with the least
// padding, a good one with the most, and one whose padding alone is good.
template <MacHash kHash>
void fill(Input& input, Secrets secrets, Numbers& numbers) {
  Numbers own = secret_numbers(secrets, numbers);
  own.fill(&input, sizeof input);
  if (secrets == Secrets::kRandom || secrets == Secrets::kFixed) return;
  const std::size_t padding = secrets == Secrets::kZero ? 0 : 255;
  const std::size_t size = kDecrypted - mac_size(kHash) - 1 - padding;
  for (std::size_t i = 0; i < kRecords; ++i) {
    std::uint8_t* const record = input.secret.decrypted[i];
    std::memset(record + kDecrypted - 1 - padding, static_cast<int>(padding), padding + 1);
    if (secrets == Secrets::kHighest) continue;
    RecordMac mac = make_mac(input, i, size, size, size);
    crypto::make_record_macs(kHash, std::span(&mac, 1));
    std::memcpy(record + size, mac.mac.data(), mac_size(kHash));
  }
}

template <MacHash kHash>
void open(const Input& input, Output& output) {
  constexpr std::size_t kMac = mac_size(kHash);
  constexpr std::size_t kLongest = kDecrypted - kMac - 1;
  std::array<RecordMac, kRecords> macs;
  for (std::size_t i = 0; i < kRecords; ++i) {
    const CbcEnd end(Bytes(input.secret.decrypted[i], kDecrypted), kMac);
    output.content_size[i] = end.content_size();
    macs[i] = make_mac(input, i, end.content_size(), kLongest - 255, kLongest);
  }
  crypto::make_record_macs(kHash, macs);
  for (std::size_t i = 0; i < kRecords; ++i) {
    CbcEnd end(Bytes(input.secret.decrypted[i], kDecrypted), kMac);
    output.good[i] = end.has_mac(Bytes(macs[i].mac).first(kMac)) & end.good_padding();
  }
}

constexpr Subject kSubjects[] = {
    make_subject<Input, Output, fill<MacHash::sha1>, open<MacHash::sha1>>("record.cbc_open_sha1"),
    make_subject<Input, Output, fill<MacHash::sha256>, open<MacHash::sha256>>("record.cbc_open_sha256"),
    make_subject<Input, Output, fill<MacHash::sha384>, open<MacHash::sha384>>("record.cbc_open_sha384"),
};
const SubjectList kList(kSubjects);

}  // namespace
}  // namespace lockstep::constant_time
