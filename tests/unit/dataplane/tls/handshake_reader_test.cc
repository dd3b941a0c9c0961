// Handshake messages from records cut anywhere (RFC 8446 section 5.1).
#include "dataplane/tls/handshake_reader.h"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/tls/none_client.h"

namespace lockstep::tls::test {
namespace {

class Reassembly : public ::testing::Test {
 protected:
  Scene scene_;
  Core& core_ = scene_.server().core();  // two large buffers
};

Buffer copy(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST_F(Reassembly, PutsMessagesTogetherFromPiecesOfAnySize) {
  const Buffer first = message(1, Buffer(300, 1));
  const Buffer second = message(20, {});
  const Buffer third = message(24, Buffer(6000, 3));
  const Buffer all = join({first, second, third});
  for (const std::size_t piece : {1U, 2U, 3U, 5U, 299U, 304U, 305U, 4096U, 7000U}) {
    HandshakeReader reader(core_, 65536);
    std::vector<Buffer> messages;
    for (std::size_t at = 0; at < all.size(); at += piece) {
      ASSERT_EQ(reader.append(Bytes(all).subspan(at, std::min(piece, all.size() - at))), Error::none);
      while (reader.has_message()) {
        const Message next = reader.next();
        EXPECT_EQ(next.whole.size(), next.body.size() + 4);
        messages.push_back(copy(next.whole));
      }
    }
    EXPECT_EQ(messages, (std::vector{first, second, third})) << piece;
    EXPECT_TRUE(reader.at_boundary());
  }
  EXPECT_EQ(core_.large_messages.in_use(), 0U);
}

TEST_F(Reassembly, KnowsWhetherSomethingIsLeft) {
  HandshakeReader reader(core_, 65536);
  EXPECT_TRUE(reader.at_boundary());
  ASSERT_EQ(reader.append(join({message(1, {7}), {20}})), Error::none);
  reader.next();
  EXPECT_FALSE(reader.at_boundary());
}

TEST_F(Reassembly, RefusesLongMessagesByTheirHeader) {
  HandshakeReader reader(core_, 1000);
  EXPECT_EQ(reader.append(Buffer{1, 0, 3}), Error::none);
  EXPECT_EQ(reader.append(Buffer{0xe9}), Error::handshake_message_too_long);
  HandshakeReader other(core_, 1000);
  EXPECT_EQ(other.append(Buffer{1, 0, 3, 0xe8}), Error::none);
}

TEST_F(Reassembly, TakesTheLargestMessageWithARecordBehindIt) {
  HandshakeReader reader(core_, 1U << 30U);
  const Buffer largest = message(1, Buffer(kMaxHandshakeMessage, 5));
  ASSERT_EQ(reader.append(Bytes(largest).first(largest.size() - 1)), Error::none);
  Buffer last(kMaxPlaintext, 9);
  last[0] = largest.back();
  ASSERT_EQ(reader.append(last), Error::none);
  ASSERT_TRUE(reader.has_message());
  EXPECT_EQ(copy(reader.next().whole), largest);
  EXPECT_EQ(HandshakeReader(core_, 1U << 30U).append(Buffer{1, 1, 0, 1}), Error::handshake_message_too_long);
}

TEST_F(Reassembly, BorrowsForLargeMessagesAndGivesBack) {
  const Buffer large = message(1, Buffer(5000, 5));
  {
    HandshakeReader one(core_, 65536);
    HandshakeReader two(core_, 65536);
    HandshakeReader three(core_, 65536);
    EXPECT_EQ(one.append(large), Error::none);
    EXPECT_EQ(two.append(large), Error::none);
    EXPECT_EQ(three.append(large), Error::no_memory);
    one.next();
    EXPECT_EQ(one.append(Buffer{1}), Error::none);  // the large one has been read
    EXPECT_EQ(core_.large_messages.in_use(), 1U);
  }
  EXPECT_EQ(core_.large_messages.in_use(), 0U);
}

}  // namespace
}  // namespace lockstep::tls::test
