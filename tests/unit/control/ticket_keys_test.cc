// Ticket keys of one machine over simulated time, and how keys are derived.
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>

#include "control/tickets/keeper.h"

namespace lockstep::tickets {
namespace {

constexpr UnixTime kStart = seconds(1'800'000'000).ns;

config::Config config_with(Duration rotate, Duration lifetime) {
  config::Config config;
  config.tickets.rotate = rotate;
  config.services.emplace_back().tls.session_lifetime = lifetime;
  return config;
}

std::unique_ptr<Keeper> make(const config::Config& config, UnixTime now = kStart) {
  auto keeper = Keeper::create(config, {}, now);
  EXPECT_TRUE(keeper) << keeper.error();
  return std::move(keeper.value());
}

using Name = std::array<std::uint8_t, tls::kTicketKeyName>;
Name sealing_name(const Keeper& keeper) {
  return keeper.keys()->sealing->name;
}
bool accepts(const Keeper& keeper, const Name& name) {
  return keeper.keys()->find(name) != nullptr;
}

TEST(TicketKeys, ArePublishedReadyForUse) {
  const auto keeper = make(config_with(hours(1), hours(2)));
  const auto keys = keeper->keys();
  ASSERT_EQ(keys->keys.size(), 2U) << "the sealing one and the next";
  EXPECT_EQ(keys->sealing, &keys->keys.front());
  for (const tls::TicketKey& key : keys->keys) {
    EXPECT_EQ(key.keys.aead, crypto::Aead::aes_256_gcm);
    EXPECT_GT(key.keys.id, std::uint64_t{1} << 63U) << "no core gives this number";
    const Bytes secret = key.keys.key.expose();
    EXPECT_TRUE(std::any_of(secret.begin(), secret.end(), [](std::uint8_t byte) { return byte != 0; }));
  }
  EXPECT_NE(keys->keys[0].name, keys->keys[1].name);
  EXPECT_NE(keys->keys[0].keys.id, keys->keys[1].keys.id);
  EXPECT_NE(make(config_with(hours(1), hours(2)))->keys()->instance, keys->instance) << "random at each start";
}

TEST(TicketKeys, RotateOnTimeAndTheNextOneWasThereBefore) {
  const auto keeper = make(config_with(hours(1), hours(2)));
  const Name first = sealing_name(*keeper);
  const Name announced = keeper->keys()->keys.back().name;
  EXPECT_FALSE(keeper->advance(kStart + hours(1).ns - 1));
  EXPECT_EQ(sealing_name(*keeper), first);
  EXPECT_TRUE(keeper->advance(kStart + hours(1).ns));
  EXPECT_EQ(sealing_name(*keeper), announced) << "a worker that comes late accepted it already";
  EXPECT_TRUE(accepts(*keeper, first));
  EXPECT_EQ(keeper->keys()->keys.size(), 3U);
  EXPECT_EQ(keeper->view().rotations, 1U);
}

TEST(TicketKeys, KeepTheirNumberOverRotations) {
  const auto keeper = make(config_with(hours(1), hours(2)));
  const Name first = sealing_name(*keeper);
  const std::uint64_t id = keeper->keys()->find(first)->keys.id;
  keeper->advance(kStart + hours(1).ns);
  EXPECT_EQ(keeper->keys()->find(first)->keys.id, id) << "what engines made of it stays good";
}

TEST(TicketKeys, AreAcceptedUntilTheirLastTicketEnds) {
  const auto keeper = make(config_with(hours(1), hours(2)));
  const Name first = sealing_name(*keeper);
  UnixTime now = kStart;
  // A ticket of the key's last moment ends two hours after it.
  for (; now < kStart + hours(3).ns; now += seconds(60).ns) {
    keeper->advance(now);
    ASSERT_TRUE(accepts(*keeper, first)) << (now - kStart) / seconds(1).ns;
  }
  EXPECT_TRUE(keeper->advance(now)) << "a key goes: that is to be published too";
  EXPECT_FALSE(accepts(*keeper, first));
}

TEST(TicketKeys, StayBoundedOverWeeks) {
  const auto keeper = make(config_with(hours(1), hours(64)));
  std::size_t most = 0;
  for (UnixTime now = kStart; now < kStart + hours(336).ns; now += seconds(1800).ns) {
    keeper->advance(now);
    most = std::max(most, keeper->keys()->keys.size());
  }
  EXPECT_EQ(most, 2U + 64U);
  EXPECT_EQ(keeper->view().rotations, 24U * 14 - 1);
}

TEST(TicketKeys, RotateByHandAndGoOnFromThere) {
  const auto keeper = make(config_with(hours(1), hours(2)));
  const Name first = sealing_name(*keeper);
  EXPECT_EQ(keeper->rotate(kStart + seconds(600).ns), "");
  EXPECT_NE(sealing_name(*keeper), first);
  const Name second = sealing_name(*keeper);
  EXPECT_FALSE(keeper->advance(kStart + hours(1).ns)) << "an hour counts from the rotation";
  EXPECT_TRUE(keeper->advance(kStart + hours(1).ns + seconds(600).ns));
  EXPECT_NE(sealing_name(*keeper), second);
  keeper->advance(kStart + hours(2).ns + seconds(600).ns);
  EXPECT_FALSE(accepts(*keeper, first)) << "it sealed for ten minutes only";
}

TEST(TicketKeys, RotationsByHandAreBounded) {
  const auto keeper = make(config_with(hours(1), hours(2)));
  for (int i = 0; i < 126; ++i) ASSERT_EQ(keeper->rotate(kStart + i), "");
  const Name sealing = sealing_name(*keeper);
  EXPECT_NE(keeper->rotate(kStart + 127).find("128 keys are accepted already"), std::string::npos);
  EXPECT_EQ(sealing_name(*keeper), sealing);
  EXPECT_TRUE(keeper->advance(kStart + hours(3).ns));
  EXPECT_EQ(keeper->rotate(kStart + hours(3).ns), "") << "those have ended";
}

TEST(TicketKeys, AClockThatIsSetBackDelaysARotationByOnePeriodAtMost) {
  const auto keeper = make(config_with(hours(1), hours(2)));
  const Name first = sealing_name(*keeper);
  const UnixTime before = kStart - hours(100).ns;
  EXPECT_FALSE(keeper->advance(before));
  EXPECT_TRUE(keeper->advance(before + hours(1).ns));
  EXPECT_NE(sealing_name(*keeper), first);
}

TEST(TicketKeys, StayOverAReloadOfTheSameSource) {
  const auto keeper = make(config_with(hours(1), hours(2)));
  const Name first = sealing_name(*keeper);
  const UnixTime now = kStart + seconds(1200).ns;
  EXPECT_EQ(keeper->configure(config_with(seconds(1800), hours(4)), {}, now), "");
  EXPECT_EQ(sealing_name(*keeper), first);
  EXPECT_FALSE(keeper->advance(kStart + seconds(1799).ns));
  EXPECT_TRUE(keeper->advance(kStart + seconds(1800).ns)) << "the new period counts from when the key began";
  keeper->advance(kStart + seconds(1800).ns + hours(4).ns - 1);
  EXPECT_TRUE(accepts(*keeper, first)) << "the new lifetime";
}

TEST(TicketKeys, AreKeptForTheLongestSessionOfAnyServiceWithTickets) {
  config::Config config = config_with(hours(1), hours(1));
  config.services.emplace_back().tls.session_lifetime = hours(5);
  config.services.emplace_back().tls.session_lifetime = hours(50);
  config.services.back().tls.tickets = 0;
  config.services.emplace_back().tls.session_lifetime = hours(50);
  config.services.back().proxy.mode = proxy::Mode::tcp;
  EXPECT_EQ(config.longest_session(), hours(5));
}

TEST(TicketKeys, ShowNamesAndTimesAndNothingElse) {
  const auto keeper = make(config_with(hours(1), hours(2)));
  keeper->advance(kStart + hours(1).ns);
  const View view = keeper->view();
  EXPECT_EQ(view.source, "random");
  EXPECT_EQ(view.problem, "");
  ASSERT_EQ(view.keys.size(), 3U);
  EXPECT_EQ(view.keys[0].use, Use::next);
  EXPECT_EQ(view.keys[0].since, kStart + hours(2).ns) << "planned";
  EXPECT_EQ(view.keys[1].use, Use::sealing);
  EXPECT_EQ(view.keys[1].since, kStart + hours(1).ns);
  EXPECT_EQ(view.keys[1].until, kStart + hours(4).ns);
  EXPECT_EQ(view.sealing_since(), kStart + hours(1).ns);
  EXPECT_EQ(view.keys[2].use, Use::previous);
  EXPECT_EQ(view.keys[2].until, kStart + hours(3).ns);
  EXPECT_EQ(view.keys[1].name.size(), 16U);
  const auto published = keeper->keys();
  const auto high = static_cast<std::uint8_t>(std::stoi(view.keys[1].name.substr(0, 2), nullptr, 16));
  EXPECT_EQ(high, published->sealing->name[0]);
}

/// HKDF with SHA-256 by libcrypto; `mode` is one of EVP_KDF_HKDF_MODE_*.
std::array<std::uint8_t, 32> libcrypto_hkdf(int mode, Bytes key, std::string_view salt, std::string_view info) {
  EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  EVP_KDF_CTX* const context = EVP_KDF_CTX_new(kdf);
  char sha256[] = "SHA256";
  std::array<OSSL_PARAM, 6> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256, 0),
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<std::uint8_t*>(key.data()), key.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, const_cast<char*>(salt.data()), salt.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, const_cast<char*>(info.data()), info.size()),
      OSSL_PARAM_construct_end()};
  std::array<std::uint8_t, 32> out{};
  EXPECT_EQ(EVP_KDF_derive(context, out.data(), out.size(), params.data()), 1);
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return out;
}

TEST(TicketKeyDerivation, IsHkdf) {
  std::array<std::uint8_t, 80> material;
  for (std::size_t i = 0; i < material.size(); ++i) material[i] = static_cast<std::uint8_t>(7 * i);
  Secret32 uniform, expanded;
  extract("salt", material, uniform);
  const auto expected = libcrypto_hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, material, "salt", "");
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), uniform.expose().begin()));
  expand(uniform, "info", expanded.writable());
  const auto output = libcrypto_hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, uniform.expose(), "", "info");
  EXPECT_TRUE(std::equal(output.begin(), output.end(), expanded.expose().begin()));
  std::array<std::uint8_t, 8> prefix{};
  expand(uniform, "info", prefix);
  EXPECT_TRUE(std::equal(prefix.begin(), prefix.end(), output.begin()));
  expand(uniform, "info", uniform.writable());
  EXPECT_TRUE(std::equal(output.begin(), output.end(), uniform.expose().begin())) << "in place";
}

}  // namespace
}  // namespace lockstep::tickets
