// Opens records whose decrypted bytes memcheck takes for undefined: a branch or an index that depends on them is then
// an error of memcheck's. constant_time.py runs it, with and without a planted leak.
//
//     constant_time_open [branch|index]
#include <valgrind/memcheck.h>

#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/record/cbc_padding.h"
#include "crypto/record/record_mac.h"

namespace {

using namespace lockstep;
using namespace lockstep::crypto;

/// What the verdict is made of; memcheck may know it.
volatile std::uint64_t verdicts = 0;

void open_one(MacHash hash, const HmacStates& key, std::vector<std::uint8_t>& decrypted, std::string_view leak) {
  const std::size_t mac = hash == MacHash::sha1 ? 20 : hash == MacHash::sha256 ? 32 : 48;
  VALGRIND_MAKE_MEM_UNDEFINED(decrypted.data(), decrypted.size());
  CbcEnd end(decrypted, mac);
  static const std::array<std::uint8_t, 256> table = {};
  if (leak == "branch" && decrypted.back() == 7) verdicts = verdicts + 1;
  if (leak == "index") verdicts = verdicts + table[decrypted.back()];

  RecordMac record;
  record.key = &key;
  record.content = decrypted.data();
  record.longest = decrypted.size() - mac - 1;
  record.shortest = record.longest < 255 ? 0 : record.longest - 255;
  record.size = end.content_size();
  write_mac_header({1, 23, 0x0303}, record.size, record.header.data());
  make_record_macs(hash, {&record, 1});
  std::uint64_t verdict = end.has_mac(Bytes(record.mac).first(mac)) & end.good_padding();
  VALGRIND_MAKE_MEM_DEFINED(&verdict, sizeof verdict);
  verdicts = verdicts + verdict;
}

}  // namespace

int main(int argc, char** argv) {
  if (RUNNING_ON_VALGRIND == 0) {
    std::fputs("to be run under valgrind's memcheck\n", stderr);
    return 2;
  }
  const std::string_view leak = argc > 1 ? argv[1] : "";
  Random random = Random::from_number(1);
  std::array<std::uint8_t, 48> mac_key;
  random.fill(mac_key);
  for (const MacHash hash : {MacHash::sha1, MacHash::sha256, MacHash::sha384}) {
    HmacStates key;
    expand_hmac(hash, Bytes(mac_key).first(hash == MacHash::sha1 ? 20 : hash == MacHash::sha256 ? 32 : 48), key);
    for (const std::size_t blocks : {4, 6, 16, 20, 90, 257}) {
      for (const int padding : {-1, 0, 7, 15, 200, 255}) {
        std::vector<std::uint8_t> decrypted(16 * blocks);
        random.fill(decrypted);
        for (std::size_t i = 0; padding >= 0 && i <= static_cast<std::size_t>(padding) && i < decrypted.size(); ++i)
          decrypted[decrypted.size() - 1 - i] = static_cast<std::uint8_t>(padding);
        open_one(hash, key, decrypted, leak);
      }
    }
  }
  return 0;
}
