#include "dataplane/tls/ticket.h"

#include <gtest/gtest.h>

#include <limits>

#include "crypto/openssl/engine.h"
#include "crypto/record/engine.h"
#include "tests/unit/dataplane/tls/bytes.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;

class Tickets : public ::testing::Test {
 protected:
  Tickets() {
    state_.cipher_suite = CipherSuite::tls_aes_256_gcm_sha384;
    state_.issued = kNow;
    random_.fill(state_.secret.writable());
    state_.server_name = name_;
  }

  Buffer seal(const TicketKey& key) {
    Buffer out(kMaxTicket);
    const Bytes ticket = sealer_.prepare(key, state_, random_, out);
    EXPECT_FALSE(ticket.empty());
    run(*engine_, sealer_.job);
    EXPECT_EQ(sealer_.job.status, crypto::JobStatus::ok);
    return {ticket.begin(), ticket.end()};
  }
  // Whether it opens and can be read.
  bool opens(const TicketKeys& keys, const Buffer& ticket, SessionState& state) {
    if (!opener_.prepare(keys, ticket)) return false;
    run(*engine_, opener_.job);
    return opener_.read(state);
  }
  bool opens(const TicketKeys& keys, const Buffer& ticket) {
    SessionState state;
    return opens(keys, ticket, state);
  }

  Random random_ = Random::from_number(5);
  std::unique_ptr<crypto::Engine> engine_ = crypto::make_openssl_engine(random_);
  const Buffer name_ = text("example.org");
  SessionState state_;
  TicketSealer sealer_;
  TicketOpener opener_;
};

TEST_F(Tickets, OpenToWhatWasSealed) {
  const auto keys = ticket_keys(2, random_);
  const Buffer ticket = seal(*keys->sealing);
  EXPECT_TRUE(std::equal(keys->sealing->name.begin(), keys->sealing->name.end(), ticket.begin()));
  SessionState state;
  ASSERT_TRUE(opens(*keys, ticket, state));
  EXPECT_EQ(state.issued, kNow);
  EXPECT_EQ(state.cipher_suite, state_.cipher_suite);
  EXPECT_TRUE(std::ranges::equal(state.secret.expose(), state_.secret.expose()));
  EXPECT_TRUE(std::ranges::equal(state.server_name, name_));
}

TEST_F(Tickets, AreNeverTheSameTwice) {
  const auto keys = ticket_keys(1, random_);
  EXPECT_NE(seal(*keys->sealing), seal(*keys->sealing));
}

TEST_F(Tickets, HideTheState) {
  const auto keys = ticket_keys(1, random_);
  const Buffer ticket = seal(*keys->sealing);
  EXPECT_EQ(std::search(ticket.begin(), ticket.end(), name_.begin(), name_.end()), ticket.end());
}

TEST_F(Tickets, OfTheLargestStateFit) {
  const auto keys = ticket_keys(1, random_);
  const Buffer longest(255, 'n');
  state_.server_name = state_.alpn = longest;
  SessionState state;
  EXPECT_TRUE(opens(*keys, seal(*keys->sealing), state));
  EXPECT_EQ(state.alpn.size(), 255U);
}

TEST_F(Tickets, ThatDoNotFitAreNotPrepared) {
  const auto keys = ticket_keys(1, random_);
  Buffer out(kMaxTicket);
  const std::size_t size = sealer_.prepare(*keys->sealing, state_, random_, out).size();
  out.resize(size - 1);
  EXPECT_TRUE(sealer_.prepare(*keys->sealing, state_, random_, out).empty());
}

TEST_F(Tickets, OpenUnderEveryKeyThatIsLeftAndNoOther) {
  const auto keys = ticket_keys(3, random_);
  const Buffer ticket = seal(keys->keys[2]);
  EXPECT_TRUE(opens(*keys, ticket));
  EXPECT_FALSE(opens(*ticket_keys(3, random_), ticket)) << "other keys";
}

TEST_F(Tickets, ChangedInAnyByteDoNotOpen) {
  const auto keys = ticket_keys(2, random_);
  const Buffer ticket = seal(*keys->sealing);
  for (std::size_t i = 0; i < ticket.size(); ++i) {
    Buffer changed = ticket;
    changed[i] ^= 1;
    EXPECT_FALSE(opens(*keys, changed)) << i;
  }
}

TEST_F(Tickets, CutAnywhereOrTooLongDoNotOpen) {
  const auto keys = ticket_keys(1, random_);
  const Buffer ticket = seal(*keys->sealing);
  // Each in memory of its own size, so that a sanitizer sees reads beyond it.
  for (std::size_t size = 0; size < ticket.size(); ++size)
    EXPECT_FALSE(opens(*keys, Buffer(ticket.begin(), ticket.begin() + static_cast<std::ptrdiff_t>(size)))) << size;
  EXPECT_FALSE(opens(*keys, join({ticket, {0}})));
  EXPECT_FALSE(opens(*keys, join({ticket, Buffer(60'000, 0)})));
}

TEST_F(Tickets, UnderTheNameOfAnotherKeyDoNotOpen) {
  // The same key under two names: only the additional data tells them apart.
  const auto twins = std::make_shared<TicketKeys>();
  for (std::uint8_t i = 0; i < 2; ++i) {
    TicketKey& key = twins->keys.emplace_back();
    key.name.fill(i);
    key.keys.aead = crypto::Aead::aes_256_gcm;
    key.keys.id = shared_key_id();
  }
  Buffer ticket = seal(twins->keys[0]);
  EXPECT_TRUE(opens(*twins, ticket));
  std::fill_n(ticket.begin(), kTicketKeyName, std::uint8_t{1});
  EXPECT_FALSE(opens(*twins, ticket));
}

TEST_F(Tickets, AreTheSameForEveryEngineThatSharesTheKeys) {
  // As on several cores: each has its cache, under the one number of the key.
  auto first = crypto::make_ipsec_mb_engine(16);
  auto second = crypto::make_ipsec_mb_engine(16);
  ASSERT_TRUE(first.ok() && second.ok());
  const auto keys = ticket_keys(2, random_);
  Buffer out(kMaxTicket);
  for (const TicketKey& key : keys->keys) {
    for (int round = 0; round < 2; ++round) {
      const Bytes ticket = sealer_.prepare(key, state_, random_, out);
      run(*first.value(), sealer_.job);
      EXPECT_TRUE(opens(*keys, {ticket.begin(), ticket.end()})) << "by libcrypto";
      ASSERT_TRUE(opener_.prepare(*keys, ticket));
      run(*second.value(), opener_.job);
      SessionState state;
      EXPECT_TRUE(opener_.read(state)) << "by the other core";
    }
  }
}

class SessionChecks : public Tickets {
 protected:
  SessionChecks() {
    config_.resumption_scope.fill(7);
    state_.scope = config_.resumption_scope;
  }
  Resumption check(std::int64_t now = kNow) const { return state_.check(config_, Version::tls13, name_, now); }
  ServerConfig config_;
};

TEST_F(SessionChecks, TakeTheSameServiceVersionAndName) {
  EXPECT_EQ(check(), Resumption::possible);
  EXPECT_EQ(state_.check(config_, Version::tls12, name_, kNow), Resumption::mismatched);
  EXPECT_EQ(state_.check(config_, Version::tls13, text("example.com"), kNow), Resumption::mismatched);
  EXPECT_EQ(state_.check(config_, Version::tls13, {}, kNow), Resumption::mismatched);
  config_.resumption_scope[15] ^= 1;
  EXPECT_EQ(check(), Resumption::mismatched);
}

TEST_F(SessionChecks, EndWithTheLifetime) {
  config_.session_lifetime = seconds(100);
  EXPECT_EQ(check(kNow + 100'000), Resumption::possible);
  EXPECT_EQ(check(kNow + 100'001), Resumption::expired);
}

TEST_F(SessionChecks, NeverOutliveSevenDays) {
  // RFC 8446 section 4.6.1.
  constexpr std::int64_t kWeek = std::int64_t{7} * 24 * 3600 * 1000;
  config_.session_lifetime = hours(10'000);
  EXPECT_EQ(check(kNow + kWeek), Resumption::possible);
  EXPECT_EQ(check(kNow + kWeek + 1), Resumption::expired);
}

TEST_F(SessionChecks, TakeNothingFromTheFutureBeyondWhatClocksDiffer) {
  EXPECT_EQ(check(kNow - 10'000), Resumption::possible);
  EXPECT_EQ(check(kNow - 10'001), Resumption::expired);
  for (const std::int64_t issued :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    state_.issued = issued;
    EXPECT_EQ(check(), Resumption::expired);
  }
}

}  // namespace
}  // namespace lockstep::tls::test
