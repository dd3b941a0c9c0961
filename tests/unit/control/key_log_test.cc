#include "control/log/key_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/unit/control/certificates.h"

namespace lockstep::log {
namespace {

proxy::KeyLogEvent line_of(tls::SecretName name, std::uint8_t size) {
  proxy::KeyLogEvent line;
  line.name = name;
  line.secret_size = size;
  line.client_random.fill(0xab);
  line.secret.fill(0x01);
  return line;
}

class KeyLogFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("lockstep-key-log-" + std::to_string(getpid()));
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path(const char* name) const { return folder_ / name; }
  static std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path folder_;
};

TEST(KeyLogLine, IsNssFormat) {
  std::string random, secret32, secret48;
  for (int i = 0; i < 32; ++i) random += "ab";
  for (int i = 0; i < 32; ++i) secret32 += "01";
  for (int i = 0; i < 48; ++i) secret48 += "01";
  EXPECT_EQ(key_log_line(line_of(tls::SecretName::client_random, 48)), "CLIENT_RANDOM " + random + " " + secret48);
  EXPECT_EQ(key_log_line(line_of(tls::SecretName::exporter_secret, 32)), "EXPORTER_SECRET " + random + " " + secret32);
}

TEST_F(KeyLogFile, IsItsOwnersAlone) {
  const mode_t before = umask(0);
  KeyLog log;
  EXPECT_EQ(log.open(path("new")), "");
  umask(before);
  struct stat status{};
  ASSERT_EQ(stat(path("new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(KeyLogFile, IsAppendedTo) {
  const auto event = line_of(tls::SecretName::client_traffic_secret_0, 32);
  for (int i = 0; i < 2; ++i) {
    KeyLog log;
    ASSERT_EQ(log.open(path("file")), "");
    EXPECT_TRUE(log.write(event));
  }
  EXPECT_EQ(content(path("file")), key_log_line(event) + "\n" + key_log_line(event) + "\n");
}

TEST_F(KeyLogFile, IsRefusedWhereOthersMightReadIt) {
  std::ofstream(path("open")).put('x');
  chmod(path("open").c_str(), 0640);
  EXPECT_NE(KeyLog().open(path("open")).find("its mode is not 0600"), std::string::npos);
  EXPECT_EQ(content(path("open")), "x");
}

TEST_F(KeyLogFile, IsRefusedWhenItIsSomethingElse) {
  std::filesystem::create_symlink(path("target"), path("link"));
  EXPECT_NE(KeyLog().open(path("link")).find("it is a symbolic link"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path("target")));
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_NE(KeyLog().open(path("pipe")), "");
  KeyLog log;
  ASSERT_EQ(log.open(path("one")), "");
  std::filesystem::create_hard_link(path("one"), path("two"));
  EXPECT_NE(KeyLog().open(path("two")).find("it has a second name"), std::string::npos);
  EXPECT_NE(KeyLog().open(path("")), "");
  EXPECT_FALSE(KeyLog().write(line_of(tls::SecretName::client_random, 48)));
}

}  // namespace
}  // namespace lockstep::log
