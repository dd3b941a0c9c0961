#include "dataplane/tls/session_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dataplane/tls/ticket_keys.h"

namespace lockstep::tls {
namespace {

void fill(SessionState& state, Bytes name) {
  state.version = Version::tls12;
  state.cipher_suite = CipherSuite::ecdhe_rsa_aes_256_gcm_sha384;
  state.issued = 1'700'000'000'123;
  state.age_add = 0xdeadbeef;
  state.scope.fill(3);
  state.instance.fill(4);
  std::fill(state.secret.writable().begin(), state.secret.writable().end(), std::uint8_t{5});
  state.server_name = name;
  state.alpn = name;
  state.max_early_data = 0x01020304;
  state.issued_at = Instant{0x0102030405060708};
}

TEST(SessionState, IsReadAsItWasWritten) {
  const std::vector<std::uint8_t> name(255, 'n');
  const std::vector<std::uint8_t> fingerprint(32, 'f');
  SessionState written;
  fill(written, name);
  written.client_fingerprint = fingerprint;
  written.client_subject = name;
  std::array<std::uint8_t, SessionState::kMaxSize> buffer;
  const Bytes bytes = written.write(buffer);
  ASSERT_FALSE(bytes.empty()) << "the largest state fits into kMaxSize";

  SessionState state;
  ASSERT_TRUE(state.read(bytes));
  EXPECT_EQ(state.version, written.version);
  EXPECT_EQ(state.cipher_suite, written.cipher_suite);
  EXPECT_EQ(state.issued, written.issued);
  EXPECT_EQ(state.age_add, written.age_add);
  EXPECT_EQ(state.scope, written.scope);
  EXPECT_EQ(state.instance, written.instance);
  EXPECT_TRUE(std::ranges::equal(state.secret.expose(), written.secret.expose()));
  EXPECT_TRUE(std::ranges::equal(state.server_name, name));
  EXPECT_TRUE(std::ranges::equal(state.alpn, name));
  EXPECT_EQ(state.max_early_data, written.max_early_data);
  EXPECT_EQ(state.issued_at, written.issued_at);
  EXPECT_TRUE(std::ranges::equal(state.client_fingerprint, fingerprint));
  EXPECT_TRUE(std::ranges::equal(state.client_subject, name));
}

TEST(SessionState, CutAnywhereOrTooLongIsNotRead) {
  SessionState written;
  fill(written, {});
  std::array<std::uint8_t, SessionState::kMaxSize> buffer{};
  const Bytes bytes = written.write(buffer);
  SessionState state;
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(state.read(bytes.first(size))) << size;
  EXPECT_FALSE(state.read(Bytes(buffer).first(bytes.size() + 1)));
}

TEST(SessionState, OfAnotherFormatIsNotRead) {
  SessionState written;
  fill(written, {});
  std::array<std::uint8_t, SessionState::kMaxSize> buffer;
  const Bytes bytes = written.write(buffer);
  ++buffer[0];
  SessionState state;
  EXPECT_FALSE(state.read(bytes));
}

TEST(TicketKeys, AreFoundByTheirWholeName) {
  TicketKeys keys;
  for (std::uint8_t i = 0; i < 3; ++i) keys.keys.emplace_back().name.back() = i;
  std::array<std::uint8_t, kTicketKeyName> name{};
  name.back() = 2;
  EXPECT_EQ(keys.find(name), &keys.keys[2]);
  name.front() = 1;
  EXPECT_EQ(keys.find(name), nullptr);
}

TEST(TicketKeys, HaveNumbersThatNoCoreGivesToItsOwn) {
  const std::uint64_t first = shared_key_id();
  EXPECT_GT(first, std::uint64_t{1} << 63U);
  EXPECT_NE(shared_key_id(), first);
}

}  // namespace
}  // namespace lockstep::tls
