#include "crypto/record/cbc_keys.h"

#include <new>

namespace lockstep::crypto {

CbcKeys::CbcKeys(const IMB_MGR& manager, ExpandedKeys& cache)
    : manager_(manager), cache_(cache), spare_(new(std::nothrow) CbcKey[kCbcBatch]()) {}

void CbcKeys::prefetch(std::span<const CbcRecordKeys* const> keys) const {
  for (const CbcRecordKeys* const each : keys) cache_.prefetch_set(each->id);
  for (const CbcRecordKeys* const each : keys)
    if (const ExpandedKey* const key = cache_.find(each->id); key != nullptr) prefetch_bytes(key, sizeof(CbcKey));
}

const CbcKey& CbcKeys::find(const CbcRecordKeys& keys) {
  const ExpandedKeys::Slot slot = cache_.find_or_take(keys.id, found_++);
  if (slot.key == nullptr) {
    CbcKey& spare = spare_[spares_used_++];
    expand(keys, spare);
    return spare;
  }
  if (slot.fresh) expand(keys, slot.key->cbc);
  return slot.key->cbc;
}

void CbcKeys::release() {
  if (spares_used_ != 0) wipe({reinterpret_cast<std::uint8_t*>(spare_.get()), spares_used_ * sizeof(CbcKey)});
  spares_used_ = 0;
  found_ = 0;
}

void CbcKeys::expand(const CbcRecordKeys& keys, CbcKey& expanded) const {
  const std::uint8_t* const key = keys.key.expose().data();
  const auto expand_aes = key_size(keys.suite) == 16 ? manager_.keyexp_128 : manager_.keyexp_256;
  expand_aes(key, expanded.encrypt.data(), expanded.decrypt.data());
  expand_hmac(mac_hash(keys.suite), keys.mac_key.expose(mac_size(keys.suite)), expanded.hmac);
}

}  // namespace lockstep::crypto
