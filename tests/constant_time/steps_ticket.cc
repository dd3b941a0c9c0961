// A ticket that a client offers: found by its key's name, opened, read.
#include "crypto/record/engine.h"
#include "tests/constant_time/step.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::constant_time {
namespace {

using namespace tls;
using tls::test::Buffer;

constexpr std::size_t kPool = 64;

constexpr Variant kVariants[] = {{"first_byte_of_tag"},   {"last_byte_of_tag"},   {"all_of_tag"},
                                 {"first_byte_of_state"}, {"last_byte_of_state"}, {"all_of_state"}};

class TicketStep final : public Step {
 public:
  explicit TicketStep(std::unique_ptr<crypto::Engine> engine) : engine_(std::move(engine)) {
    keys_ = tls::test::ticket_keys(3, random_);
    for (std::size_t i = 0; i < kPool; ++i) add_ticket();
    ticket_ = pool_[0][0];
  }
  const char* name() const override { return "ticket"; }
  std::span<const Variant> variants() const override { return kVariants; }
  PlantedLeak planted() const override { return {"early_exit_compare", 1, 0}; }
  void prepare(std::size_t variant, std::uint64_t number) override {
    const Buffer& chosen = pool_[variant][number % kPool];
    std::copy(chosen.begin(), chosen.end(), ticket_.begin());
    const Buffer& good = good_[number % kPool];
    std::copy(good.end() - crypto::kAeadTag, good.end(), tag_.begin());
  }
  void run() override {
    TicketOpener opener;
    SessionState state;
    found_ = opener.prepare(*keys_, ticket_);
    tls::test::run(*engine_, opener.job);
    read_ = opener.read(state);
  }
  void leak() override {
    leaked_ = equal_with_early_exit(ticket_.data() + ticket_.size() - crypto::kAeadTag, tag_.data(), tag_.size());
  }
  bool ended_well(std::size_t) const override { return found_ && !read_; }

 private:
  void add_ticket() {
    SessionState state;
    state.cipher_suite = CipherSuite::tls_aes_128_gcm_sha256;
    random_.fill(state.secret.writable());
    TicketSealer sealer;
    Buffer out(kMaxTicket);
    const Bytes made = sealer.prepare(*keys_->sealing, state, random_, out);
    tls::test::run(*engine_, sealer.job);
    const Buffer good(made.begin(), made.end());
    good_.push_back(good);
    const std::size_t tag = good.size() - crypto::kAeadTag;
    const std::size_t text = kTicketKeyName + crypto::kAeadNonce;
    const std::pair<std::size_t, std::size_t> bent[] = {{tag, 1},  {good.size() - 1, 1}, {tag, crypto::kAeadTag},
                                                        {text, 1}, {tag - 1, 1},         {text, tag - text}};
    for (std::size_t i = 0; i < std::size(bent); ++i) {
      Buffer bad = good;
      for (std::size_t at = 0; at < bent[i].second; ++at) bad[bent[i].first + at] ^= 0xffU;
      pool_[i].push_back(bad);
    }
  }

  Random random_ = Random::from_number(6);
  std::unique_ptr<crypto::Engine> engine_;
  std::shared_ptr<TicketKeys> keys_;
  std::array<std::vector<Buffer>, std::size(kVariants)> pool_;
  std::vector<Buffer> good_;
  Buffer ticket_;
  std::array<std::uint8_t, crypto::kAeadTag> tag_{};
  bool found_ = false;
  bool read_ = false;
  volatile bool leaked_ = false;
};

}  // namespace

void add_ticket_steps(Steps& steps) {
  if (auto engine = crypto::make_ipsec_mb_engine(64))
    steps.push_back(std::make_unique<TicketStep>(std::move(engine.value())));
}

}  // namespace lockstep::constant_time
