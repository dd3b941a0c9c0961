#include "crypto/record/engine.h"

#include "crypto/record/aead_records.h"
#include "crypto/record/cbc_open.h"
#include "crypto/record/cbc_seal.h"
#include "crypto/record/ipsec_mb.h"

namespace lockstep::crypto {
namespace {

struct ReleaseManager {
  void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
};
using Manager = std::unique_ptr<IMB_MGR, ReleaseManager>;

std::string features_of(const IMB_MGR& manager) {
  struct Feature {
    std::uint64_t bit;
    const char* name;
  };
  constexpr std::array kFeatures = {
      Feature{IMB_FEATURE_AESNI, "AES-NI"},          Feature{IMB_FEATURE_AVX2, "AVX2"},
      Feature{IMB_FEATURE_AVX512F, "AVX512"},        Feature{IMB_FEATURE_VAES, "VAES"},
      Feature{IMB_FEATURE_VPCLMULQDQ, "VPCLMULQDQ"}, Feature{IMB_FEATURE_AVX512_IFMA, "IFMA"}};
  std::string text = imb_get_version_str();
  for (const Feature& feature : kFeatures)
    if ((manager.features & feature.bit) != 0) text.append(" ").append(feature.name);
  return text;
}

class IpsecMbEngine final : public Engine {
 public:
  IpsecMbEngine(Manager wide, Manager narrow, std::size_t expanded_keys, IpsecMbInfo* info)
      : wide_(std::move(wide)),
        narrow_(std::move(narrow)),
        keys_(expanded_keys, info == nullptr ? own_info_.keys : info->keys),
        cbc_keys_(*wide_, keys_),
        aead_(*wide_, keys_),
        cbc_seal_(*wide_, *narrow_, cbc_keys_),
        cbc_open_(*wide_, cbc_keys_) {
    (info == nullptr ? own_info_ : *info).features = features_of(*wide_);
  }
  bool ready() const { return keys_.ready() && cbc_keys_.ready() && cbc_open_.ready(); }

  const char* name() const override { return "ipsec-mb"; }
  bool supports(JobClass job_class) const override {
    return job_class >= JobClass::seal;  // and the three behind it: open, cbc_seal, cbc_open
  }
  void forget(std::uint64_t id) override { keys_.forget(id); }

  void run(std::span<Job* const> jobs, JobList& done) override {
    if (jobs.empty()) return;
    if (jobs.front()->kind == JobKind::cbc_seal)
      cbc_seal_.run(jobs, done);
    else if (jobs.front()->kind == JobKind::cbc_open)
      cbc_open_.run(jobs, done);
    else
      aead_.run(jobs, done);
  }
  void poll(Instant, JobList& done) override { cbc_seal_.poll(done); }
  std::size_t in_flight() const override { return cbc_seal_.in_flight(); }
  bool has_slices() const override { return in_flight() != 0; }

 private:
  Manager wide_;
  Manager narrow_;
  IpsecMbInfo own_info_;
  ExpandedKeys keys_;
  CbcKeys cbc_keys_;
  AeadRecords aead_;
  CbcSeal cbc_seal_;
  CbcOpen cbc_open_;
};

/// Why `manager` cannot serve; empty when it can.
std::string fault_of(IMB_MGR& manager) {
  if (const int error = imb_get_errno(&manager); error != 0) return std::string("ipsec-mb: ") + imb_get_strerror(error);
  constexpr std::uint64_t kNeeded = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
  if ((manager.features & kNeeded) != kNeeded) return "ipsec-mb: this processor has no AES-NI or PCLMULQDQ";
  if ((manager.features & IMB_FEATURE_SELF_TEST) != 0 && (manager.features & IMB_FEATURE_SELF_TEST_PASS) == 0)
    return "ipsec-mb: its own self-test failed";
  return {};
}

}  // namespace

Result<std::unique_ptr<Engine>, std::string> make_ipsec_mb_engine(std::size_t expanded_keys, IpsecMbInfo* info) {
  Manager wide(alloc_mb_mgr(0));
  Manager narrow(alloc_mb_mgr(0));
  if (wide == nullptr || narrow == nullptr) return Failure{std::string("ipsec-mb: no memory for its managers")};
  IMB_ARCH arch = IMB_ARCH_NONE;
  init_mb_mgr_auto(wide.get(), &arch);
  init_mb_mgr_sse(narrow.get());
  for (IMB_MGR* const manager : {wide.get(), narrow.get()})
    if (std::string fault = fault_of(*manager); !fault.empty()) return Failure{std::move(fault)};
  auto engine = std::make_unique<IpsecMbEngine>(std::move(wide), std::move(narrow), expanded_keys, info);
  if (!engine->ready()) return Failure{std::string("ipsec-mb: no memory for the expanded keys")};
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace lockstep::crypto
