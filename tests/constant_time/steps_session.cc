// A server's session at the messages that show who knows a secret: the binder of a ClientHello with a ticket, and the
// client's Finished. The session is the product's; the engine has no security, so that expected values are known.
#include <map>

#include "tests/constant_time/step.h"
#include "tests/unit/dataplane/tls/none_client.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::constant_time {
namespace {

using namespace tls;
using namespace tls::test;
using enum ContentType;

constexpr Variant kVariants[] = {{"first_byte"}, {"last_byte"}, {"middle_byte"}, {"all_bytes"}};

// A value like `expected` but for what the variant says.
Buffer bent(Buffer expected, std::size_t variant) {
  const std::size_t places[] = {0, expected.size() - 1, expected.size() / 2};
  if (variant < std::size(places))
    expected[places[variant]] ^= 0xffU;
  else
    for (std::uint8_t& byte : expected) byte ^= 0xffU;
  return expected;
}

/// Each sample is a connection of its own, up to the message that is timed.
class SessionStep : public Step {
 public:
  SessionStep(const char* name, Buffer expected, Error error)
      : name_(name), expected_(std::move(expected)), error_(error) {
    for (std::size_t i = 0; i < std::size(kVariants); ++i) sent_.push_back(bent(expected_, i));
  }
  const char* name() const override { return name_; }
  std::span<const Variant> variants() const override { return kVariants; }
  PlantedLeak planted() const override { return {"early_exit_compare", 1, 0}; }
  void prepare(std::size_t variant, std::uint64_t) override {
    value_ = sent_[variant];
    server().restart(config_);
    server().feed(last_[variant]);
  }
  void run() override { server().run(); }
  void leak() override { leaked_ = equal_with_early_exit(value_.data(), expected_.data(), expected_.size()); }
  bool ended_well(std::size_t) const override { return server_->session().info().error == error_; }

 protected:
  Driver& server() {
    if (server_ == nullptr) server_ = std::make_unique<Driver>(config_, none_);
    return *server_;
  }

  const char* name_;
  Buffer expected_;
  Error error_;
  std::vector<Buffer> sent_;
  lockstep::test::NoneEngine none_;
  ServerConfig config_ = none_config();
  std::vector<Buffer> first_;  // flights before the one that is timed
  std::vector<Buffer> last_;   // of each variant
  Buffer value_;
  volatile bool leaked_ = false;

 private:
  std::unique_ptr<Driver> server_;
};

class BinderStep final : public SessionStep {
 public:
  BinderStep()
      : SessionStep("psk_binder", Buffer(32, lockstep::test::kNoneBinder), Error::bad_binder), offer_(config_) {
    for (const Buffer& binder : sent_) {
      Hello hello = hello13();
      hello.set(ExtensionType::pre_shared_key, offered_psks({offer_.ticket()}, binder));
      last_.push_back(NoneClient::plain(handshake, hello.whole()));
    }
  }

 private:
  TicketOffer offer_;
};

class FinishedStep final : public SessionStep {
 public:
  FinishedStep(const char* name, bool tls13)
      : SessionStep(name, Buffer(tls13 ? 32 : 12, lockstep::test::kNoneClientFinished), Error::bad_finished) {
    first_.push_back(NoneClient::plain(handshake, (tls13 ? hello13() : hello12()).whole()));
    if (!tls13) {
      first_.push_back(NoneClient::plain(handshake, NoneClient::key_exchange(Buffer(32, 0x42))));
      first_.push_back(NoneClient::plain(change_cipher_spec, {1}));
    }
    for (const Buffer& verify_data : sent_) {
      NoneClient client;
      if (tls13)
        client.protect(Protection::tls13, NoneClient::kHandshake13);
      else
        client.protect(Protection::tls12, NoneClient::kKeys12);
      last_.push_back(client.record(handshake, message(20, verify_data)));
    }
  }
  void prepare(std::size_t variant, std::uint64_t) override {
    value_ = sent_[variant];
    server().restart(config_);
    for (const Buffer& flight : first_) {
      server().feed(flight);
      server().run();
    }
    server().feed(last_[variant]);
  }
};

}  // namespace

void add_session_steps(Steps& steps) {
  steps.push_back(std::make_unique<BinderStep>());
  steps.push_back(std::make_unique<FinishedStep>("finished.tls13", true));
  steps.push_back(std::make_unique<FinishedStep>("finished.tls12", false));
}

}  // namespace lockstep::constant_time
