#include <gtest/gtest.h>

#include "control/certs/secret_file.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::certs {
namespace {

TEST(SecretFile, ReadsWhatIsThere) {
  const auto secret = SecretFile::read(tests::certificates().file("ecdsa.key"));
  ASSERT_TRUE(secret) << secret.error();
  EXPECT_EQ(secret.value().text(), tests::read(tests::certificates().file("ecdsa.key")));
  EXPECT_FALSE(secret.value().world_readable());
}

TEST(SecretFile, KnowsWhenAllMayRead) {
  const auto secret = SecretFile::read(tests::certificates().file("open.key"));
  ASSERT_TRUE(secret);
  EXPECT_TRUE(secret.value().world_readable());
}

TEST(SecretFile, RefusesWhatIsNoSmallFileAndSaysWhy) {
  const tests::TemporaryFolder folder;
  tests::write(folder.file("empty"), "");
  tests::write(folder.file("large"), std::string(SecretFile::kMaxSize + 1, 'x'));
  EXPECT_NE(SecretFile::read(folder.file("empty")).error().find("is empty; "), std::string::npos);
  EXPECT_NE(SecretFile::read(folder.file("large")).error().find("is larger than 1024 KiB; "), std::string::npos);
  EXPECT_NE(SecretFile::read(folder.path().string()).error().find("is not a regular file; "), std::string::npos);
  EXPECT_NE(SecretFile::read(folder.file("absent")).error().find("correct the path or create the file"),
            std::string::npos);
}

}  // namespace
}  // namespace lockstep::certs
