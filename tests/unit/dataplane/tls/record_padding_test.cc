// Padding of TLS 1.3 records (RFC 8446 section 5.4) on the engine without security.
#include <gtest/gtest.h>

#include "tests/unit/dataplane/tls/none_client.h"

namespace lockstep::tls::test {
namespace {

using enum ContentType;

class RecordPadding : public ::testing::Test {
 protected:
  void establish(std::uint16_t multiple, const Hello& hello = hello13()) {
    scene_.config.record_padding = multiple;
    scene_.handshake(hello.whole());
    scene_.protection = Protection::tls13;
    scene_.client.protect(Protection::tls13, NoneClient::kHandshake13);
    scene_.handshake(NoneClient::finished13());
    scene_.client.protect(Protection::tls13, NoneClient::kApplication13);
    ASSERT_TRUE(server().established) << describe(server().session().info().error);
  }
  // The bytes of content, type and padding of each protected record sent from now on; `content` gathers the data.
  std::vector<std::size_t> sizes_of(const std::string& plaintext, std::size_t piece = 0) {
    const std::size_t before = scene_.records().size();
    server().send(plaintext, piece);
    server().run();
    EXPECT_EQ(server().unreleased(), 0U);
    std::vector<std::size_t> sizes;
    content_.clear();
    const std::vector<ServerRecord> records = scene_.records();
    for (std::size_t i = before; i < records.size(); ++i) {
      EXPECT_EQ(records[i].type, application_data);
      sizes.push_back(inner_size(records[i]));
      content_.append(records[i].content.begin(), records[i].content.end());
    }
    return sizes;
  }
  static std::size_t inner_size(const ServerRecord& record) { return record.content.size() + 1 + record.padding; }
  Driver& server() { return scene_.server(); }

  using Sizes = std::vector<std::size_t>;
  Scene scene_;
  std::string content_;
};

TEST_F(RecordPadding, IsNotThereUnlessConfigured) {
  establish(0);
  for (const ServerRecord& record : scene_.records()) EXPECT_EQ(record.padding, 0U);
  EXPECT_EQ(sizes_of("x"), Sizes{2});
}

TEST_F(RecordPadding, FillsRecordsOfDataUpToAMultiple) {
  establish(256);
  for (const auto& [plaintext, inner] :
       {std::pair{1, 256}, {254, 256}, {255, 256}, {256, 512}, {511, 512}, {512, 768}}) {
    const std::string text = pattern_text(static_cast<std::size_t>(plaintext));
    EXPECT_EQ(sizes_of(text), Sizes{static_cast<std::size_t>(inner)}) << plaintext;
    EXPECT_EQ(content_, text);
  }
}

TEST_F(RecordPadding, FillsHandshakeRecordsAndAlertsToo) {
  establish(512);
  scene_.handshake({24, 0, 0, 1, 1});  // KeyUpdate, which asks for one
  server().shutdown();
  server().run();
  std::set<ContentType> seen;
  for (const ServerRecord& record : scene_.records()) {
    if (record.outer != application_data) continue;
    seen.insert(record.type);
    EXPECT_EQ(inner_size(record) % 512, 0U) << static_cast<int>(record.type);
  }
  EXPECT_EQ(seen, (std::set{handshake, alert}));
}

TEST_F(RecordPadding, StopsAtTheLargestRecord) {
  establish(1000);
  EXPECT_EQ(sizes_of(pattern_text(16384 + 16000)), (Sizes{16385, 16385}));
  EXPECT_EQ(content_, pattern_text(16384 + 16000));
}

TEST_F(RecordPadding, OfTheLargestMultipleMakesAllRecordsAlike) {
  establish(kMaxRecordPadding);
  EXPECT_EQ(sizes_of("x"), Sizes{16384});
  EXPECT_EQ(sizes_of(pattern_text(16383)), Sizes{16384});
}

TEST_F(RecordPadding, StaysWithinARecordSizeLimit) {
  establish(64, hello13().set(ExtensionType::record_size_limit, u16(100)));
  EXPECT_EQ(sizes_of(pattern_text(10)), Sizes{64});
  EXPECT_EQ(sizes_of(pattern_text(70)), Sizes{100});
  EXPECT_EQ(sizes_of(pattern_text(99 + 99 + 1)), (Sizes{100, 100, 64}));
}

TEST_F(RecordPadding, HasRoomBehindManySmallPieces) {
  establish(16);
  const std::string text = pattern_text(500);
  for (const std::size_t size : sizes_of(text, 1)) EXPECT_EQ(size % 16, 0U);
  EXPECT_EQ(content_, text);
}

TEST_F(RecordPadding, IsUnknownToTls12) {
  scene_.config.record_padding = 4096;
  scene_.establish12();
  server().send("x");
  server().run();
  EXPECT_EQ(scene_.records().back().content, text("x"));
}

}  // namespace
}  // namespace lockstep::tls::test
