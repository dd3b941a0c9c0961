// Ticket key files of all forms, and all that can be wrong with them.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include "control/tickets/keeper.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::tickets {
namespace {

constexpr UnixTime kNow = seconds(1'800'000'000).ns;

/// A key of `size` bytes that differs by `seed`.
std::string key_bytes(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i + 1) * (seed + 3) * 31);
  return bytes;
}

std::string base64(const std::string& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string lines(std::size_t size, std::initializer_list<unsigned> seeds) {
  std::string text;
  for (const unsigned seed : seeds) text += base64(key_bytes(size, seed)) + "\n";
  return text;
}

using Name = std::array<std::uint8_t, tls::kTicketKeyName>;
Name name_of(const std::string& bytes) {
  auto found = parse_key_file(bytes, true);
  EXPECT_TRUE(found) << found.error();
  return found.value().keys.front()->name;
}

class TicketFiles : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& content, unsigned mode = 0600) {
    tests::write(folder_.file(name), content);
    EXPECT_EQ(chmod(folder_.file(name).c_str(), mode), 0);
    return folder_.file(name);
  }
  /// Loads the files; what was said is in `told`.
  Material load(const std::vector<std::string>& files) {
    config_.tickets.from = config::TicketSource::file;
    config_.tickets.files = files;
    config::Diagnostics diagnostics("test");
    Material material = tickets::load(config_.tickets, kNow, diagnostics);
    told = diagnostics.render_all();
    return material;
  }
  std::unique_ptr<Keeper> keeper(const std::vector<std::string>& files) {
    auto made = Keeper::create(config_, load(files), kNow);
    EXPECT_TRUE(made) << made.error();
    EXPECT_EQ(told, "");
    return std::move(made.value());
  }
  /// The complaint about a file with `content`.
  std::string fault(const std::string& content) {
    load({file("faulty", content)});
    return told;
  }

  tests::TemporaryFolder folder_;
  config::Config config_;
  std::string told;
};

TEST_F(TicketFiles, OfNginxTheFirstSealsAndAllOpen) {
  for (const std::size_t size : {48U, 80U}) {
    const std::string a = key_bytes(size, 1), b = key_bytes(size, 2);
    const auto one = keeper({file("a", a), file("b", b)});
    const auto keys = one->keys();
    ASSERT_EQ(keys->keys.size(), 2U);
    EXPECT_EQ(keys->sealing->name, name_of(a));
    EXPECT_NE(keys->find(name_of(b)), nullptr);
    EXPECT_EQ(one->view().keys[0].use, Use::sealing);
    EXPECT_EQ(one->view().keys[1].use, Use::previous);
    EXPECT_FALSE(one->view().keys[1].until.has_value()) << "until it is removed";
  }
}

TEST_F(TicketFiles, OfHaproxyThePenultimateOfTheLastThreeSeals) {
  const auto one = keeper({file("a", lines(80, {1, 2, 3, 4, 5}))});
  const auto keys = one->keys();
  ASSERT_EQ(keys->keys.size(), 3U) << "as HAProxy's TLS_TICKETS_NO";
  EXPECT_EQ(keys->sealing->name, name_of(key_bytes(80, 4)));
  EXPECT_NE(keys->find(name_of(key_bytes(80, 5))), nullptr);
  EXPECT_NE(keys->find(name_of(key_bytes(80, 3))), nullptr);
  EXPECT_EQ(keys->find(name_of(key_bytes(80, 2))), nullptr);
  EXPECT_EQ(one->view().keys[0].use, Use::next);
  EXPECT_EQ(one->view().keys[1].use, Use::sealing);
  EXPECT_EQ(one->view().keys[2].use, Use::previous);
}

TEST_F(TicketFiles, OfHaproxyMayHaveShortKeysEmptyLinesAndNoEndOfLine) {
  std::string text = "\n" + lines(48, {1, 2}) + "\r\n" + lines(48, {3});
  text.pop_back();
  EXPECT_EQ(keeper({file("a", text)})->keys()->sealing->name, name_of(key_bytes(48, 2)));
}

TEST_F(TicketFiles, MakeTheSameKeysOnEveryMachineAndShowNothingOfTheirBytes) {
  const std::string bytes = key_bytes(80, 1);
  const auto a = keeper({file("a", bytes)}), b = keeper({file("b", bytes)});
  const auto first = a->keys(), second = b->keys();
  EXPECT_EQ(first->sealing->name, second->sealing->name);
  const Bytes one = first->sealing->keys.key.expose(), other = second->sealing->keys.key.expose();
  EXPECT_TRUE(std::equal(one.begin(), one.end(), other.begin(), other.end()));
  // Every byte is keying material, the others' name in front too.
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(name_of(changed), first->sealing->name) << i;
  }
  EXPECT_FALSE(std::equal(first->sealing->name.begin(), first->sealing->name.end(), text_bytes(bytes).begin()));
}

TEST_F(TicketFiles, AreReadAgainAndKeepTheNumbersOfKeysThatStay) {
  const std::string path = file("a", lines(80, {1, 2, 3}));
  const auto one = keeper({path});
  const std::uint64_t third = one->keys()->find(name_of(key_bytes(80, 3)))->keys.id;
  file("a", lines(80, {1, 2, 3, 4}));
  EXPECT_EQ(one->configure(config_, load({path}), kNow + seconds(5).ns), "");
  EXPECT_EQ(one->keys()->sealing->name, name_of(key_bytes(80, 3)));
  EXPECT_EQ(one->keys()->sealing->keys.id, third);
  EXPECT_EQ(one->keys()->find(name_of(key_bytes(80, 1))), nullptr) << "gone with its line";
  EXPECT_EQ(one->view().rotations, 1U);
  EXPECT_EQ(one->view().sealing_since(), kNow + seconds(5).ns);
  EXPECT_EQ(one->configure(config_, load({path}), kNow + seconds(9).ns), "");
  EXPECT_EQ(one->view().sealing_since(), kNow + seconds(5).ns) << "nothing has changed";
  EXPECT_FALSE(one->advance(kNow + hours(1000).ns)) << "only the operator rotates";
}

TEST_F(TicketFiles, AreRotatedByTheOperatorOnly) {
  const auto one = keeper({file("a", key_bytes(80, 1))});
  EXPECT_NE(one->rotate(kNow).find("change the files, and send SIGHUP"), std::string::npos);
}

TEST_F(TicketFiles, ThatCannotBeReadAreNamed) {
  load({folder_.file("absent")});
  EXPECT_NE(told.find("cannot read " + folder_.file("absent")), std::string::npos) << told;
  load({folder_.path().string()});
  EXPECT_NE(told.find("is not a regular file"), std::string::npos) << told;
  EXPECT_NE(fault("").find("is empty"), std::string::npos) << told;
}

TEST_F(TicketFiles, ThatAllMayReadAreWarnedOf) {
  load({file("a", key_bytes(80, 1), 0644)});
  EXPECT_NE(told.find("warning: every user can read the ticket keys in "), std::string::npos) << told;
  EXPECT_NE(told.find("; chmod 600 "), std::string::npos) << told;
}

TEST_F(TicketFiles, OfOtherSizesAreRefused) {
  for (const std::size_t size : {1U, 16U, 47U, 49U, 64U, 79U, 81U, 96U})
    EXPECT_NE(fault(key_bytes(size, 1)).find("it has neither 48 nor 80 bytes, nor lines of base64; write 48 or 80"),
              std::string::npos)
        << size << told;
}

TEST_F(TicketFiles, OfOneByteRepeatedAreRefused) {
  EXPECT_NE(fault(std::string(48, '\0')).find("it repeats one byte"), std::string::npos) << told;
  const std::string zeros = base64(std::string(80, '\0')) + "\n";
  EXPECT_NE(fault(lines(80, {1}) + zeros + lines(80, {2})).find("line 2 repeats one byte"), std::string::npos) << told;
}

TEST_F(TicketFiles, WithBadLinesAreRefusedByNumber) {
  const std::string good = lines(80, {1, 2});
  const std::string line = base64(key_bytes(80, 3));
  for (const std::string& bad : {line.substr(4), line + "AAAA", line.substr(0, 107), "*" + line.substr(1),
                                 line.substr(0, 105) + "x==", std::string("===="), std::string("# a comment")}) {
    std::string text = good;
    text.append("\n").append(bad).append("\n");
    EXPECT_NE(fault(text).find("line 4 is no base64 of 48 or 80 bytes"), std::string::npos) << bad << told;
    EXPECT_EQ(told.find(bad.substr(0, 8)), std::string::npos) << "key material in a message";
  }
}

TEST_F(TicketFiles, OfMixedSizesOrTooFewLinesAreRefusedAsHaproxyDoes) {
  EXPECT_NE(fault(lines(80, {1, 2}) + lines(48, {3})).find("line 3 has 48 bytes, the lines before it 80"),
            std::string::npos)
      << told;
  EXPECT_NE(fault(lines(80, {1})).find("it has 1 line, HAProxy's form needs at least three"), std::string::npos)
      << told;
  EXPECT_NE(fault(lines(80, {1, 2})).find("it has 2 lines,"), std::string::npos) << told;
}

TEST_F(TicketFiles, OfHaproxyStandAlone) {
  load({file("a", key_bytes(80, 1)), file("b", lines(80, {1, 2, 3}))});
  EXPECT_NE(told.find("name it alone in \"files\""), std::string::npos) << told;
}

TEST_F(TicketFiles, WithOneKeyTwiceAreRefused) {
  load({file("a", key_bytes(80, 1)), file("b", key_bytes(80, 1))});
  EXPECT_NE(told.find("a key in " + folder_.file("b") + " stands twice"), std::string::npos) << told;
  EXPECT_NE(fault(lines(80, {1, 2, 2})).find("stands twice"), std::string::npos) << told;
}

}  // namespace
}  // namespace lockstep::tickets
