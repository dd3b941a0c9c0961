// record_size_limit (RFC 8449) and max_fragment_length (RFC 6066 section 4) on the engine without security.
#include <gtest/gtest.h>

#include "tests/unit/dataplane/tls/errors.h"

namespace lockstep::tls::test {
namespace {

using enum ContentType;

constexpr ExtensionType kLimit = ExtensionType::record_size_limit;
constexpr ExtensionType kLength = ExtensionType::max_fragment_length;

class RecordSizesTest : public ::testing::Test {
 protected:
  void establish13(const Hello& hello) {
    scene_.handshake(hello.whole());
    scene_.protection = Protection::tls13;
    scene_.client.protect(Protection::tls13, NoneClient::kHandshake13);
    scene_.handshake(NoneClient::finished13());
    scene_.client.protect(Protection::tls13, NoneClient::kApplication13);
    ASSERT_TRUE(server().established) << describe(server().session().info().error);
  }
  void establish12(const Hello& hello) {
    scene_.handshake(hello.whole());
    scene_.protection = Protection::tls12;
    scene_.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
    scene_.send(change_cipher_spec, {1});
    scene_.client.protect(Protection::tls12, NoneClient::kKeys12);
    scene_.handshake(NoneClient::finished12());
    ASSERT_TRUE(server().established) << describe(server().session().info().error);
  }
  // Sends much, and says how large the largest record is, of all and of application data.
  std::size_t largest(bool protected_only) {
    server().send(pattern_text(40000));
    server().run();
    EXPECT_EQ(server().unreleased(), 0U);
    std::size_t most = 0;
    for (const ServerRecord& record : scene_.records())
      if (!protected_only || record.outer == application_data) most = std::max(most, record.content.size());
    return most;
  }
  // Whether the server's messages hold these bytes: an extension, whole.
  bool answered(ExtensionType type, const Buffer& body) {
    Buffer all;
    for (const ServerRecord& record : scene_.records())
      if (record.type == handshake) all = join({all, record.content});
    const Buffer extension = join({u16(static_cast<std::uint16_t>(type)), vector16(body)});
    return std::search(all.begin(), all.end(), extension.begin(), extension.end()) != all.end();
  }
  Driver& server() { return scene_.server(); }

  Scene scene_;
};

TEST_F(RecordSizesTest, ALimitCountsTheContentTypeInTls13) {
  establish13(hello13().set(kLimit, u16(100)));
  EXPECT_TRUE(answered(kLimit, u16(16385)));
  EXPECT_EQ(largest(true), 99U);
  scene_.send(application_data, Buffer(16384, 'x'));
  EXPECT_EQ(server().received.size(), 16384U) << "it binds only what is sent to who declared it";
}

TEST_F(RecordSizesTest, ALimitIsForPlaintextInTls12) {
  establish12(hello12().set(kLimit, u16(100)));
  EXPECT_TRUE(answered(kLimit, u16(16384)));
  EXPECT_EQ(largest(true), 100U);
  scene_.send(application_data, Buffer(16384, 'x'));
  EXPECT_EQ(server().received.size(), 16384U);
}

TEST_F(RecordSizesTest, ALimitBeyondWhatTheProtocolAllowsChangesNothing) {
  establish13(hello13().set(kLimit, u16(0xffff)));
  EXPECT_TRUE(answered(kLimit, u16(16385)));
  EXPECT_EQ(largest(true), 16384U);
}

TEST_F(RecordSizesTest, ALengthBindsBothSidesInTls13) {
  establish13(hello13().set(kLength, {1}));
  EXPECT_TRUE(answered(kLength, {1}));
  EXPECT_EQ(largest(false), 512U);
  scene_.send(application_data, Buffer(512, 'x'));
  EXPECT_EQ(server().received.size(), 512U);
  scene_.send(application_data, Buffer(513, 'x'));
  EXPECT_EQ(server().session().info().error, Error::record_too_long);
}

TEST_F(RecordSizesTest, ALengthBindsBothSidesInTls12) {
  establish12(hello12().set(kLength, {2}));
  EXPECT_TRUE(answered(kLength, {2}));
  EXPECT_EQ(largest(false), 1024U);
  scene_.send(application_data, Buffer(1024, 'x'));
  EXPECT_EQ(server().received.size(), 1024U);
  scene_.send(application_data, Buffer(1025, 'x'));
  EXPECT_EQ(server().session().info().error, Error::record_too_long);
}

TEST_F(RecordSizesTest, ALengthBindsPlaintextRecordsAtOnce) {
  scene_.handshake(hello12().set(kLength, {1}).whole());
  scene_.send(NoneClient::plain(handshake, join({message(16, Buffer(509, 1))})));
  EXPECT_EQ(server().session().info().error, Error::record_too_long);
}

TEST_F(RecordSizesTest, ALimitGoesBeforeALengthWhateverThatIs) {
  establish13(hello13().set(kLength, {9}).set(kLimit, u16(1000)));
  EXPECT_FALSE(answered(kLength, {9}));
  EXPECT_EQ(largest(true), 999U);
}

TEST_F(RecordSizesTest, NothingIsAnsweredThatWasNotAsked) {
  establish13(hello13());
  EXPECT_FALSE(answered(kLimit, u16(16385)));
  EXPECT_EQ(largest(true), 16384U);
}

TEST_F(RecordSizesTest, ImpossibleSizesAreRefused) {
  const auto error_of = [](ExtensionType type, const Buffer& body) {
    Scene scene;
    scene.handshake(hello13().set(type, body).whole());
    return scene.server().session().info().error;
  };
  EXPECT_EQ(error_of(kLimit, u16(64)), Error::none);
  EXPECT_EQ(error_of(kLimit, u16(63)), Error::illegal_parameter);
  EXPECT_EQ(error_of(kLimit, {100}), Error::malformed_message);
  EXPECT_EQ(error_of(kLength, {4}), Error::none);
  EXPECT_EQ(error_of(kLength, {0}), Error::illegal_parameter);
  EXPECT_EQ(error_of(kLength, {5}), Error::illegal_parameter);
  EXPECT_EQ(error_of(kLength, u16(1)), Error::malformed_message);
}

}  // namespace
}  // namespace lockstep::tls::test
