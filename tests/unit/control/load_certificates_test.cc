// The forms in which certificates come: one file or two, folders, encrypted keys.
#include <brotli/decode.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <unistd.h>
#include <zlib.h>

#include <ctime>

#include "control/certs/loaded_certificate.h"
#include "control/certs/passphrase.h"
#include "crypto/openssl/handles.h"
#include "tests/support/certificates.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::certs {
namespace {

using tests::read;
using tests::TemporaryFolder;
using tests::write;

class Loading : public testing::Test {
 protected:
  std::vector<LoadedCertificate> load(const config::Certificate& entry) {
    diagnostics_ = config::Diagnostics("test");
    return load_all({entry}, std::time(nullptr), diagnostics_);
  }
  std::string told() const { return diagnostics_.render_all(); }
  /// A new certificate for `name`, and its key, as PEM.
  static std::pair<std::string, std::string> made(const std::string& name) {
    test::CertificateRequest request;
    request.key_pem = test::make_key("P-256");
    request.common_name = name;
    request.alt_names = "DNS:" + name;
    request.not_after = 90 * 24 * 3600;
    return {test::make_certificate(request, &authority()), request.key_pem};
  }
  static const test::Issuer& authority() {
    static const test::Issuer issuer = test::make_authority("Authority");
    return issuer;
  }
  /// Writes a file that only its owner may read.
  std::string file(const std::string& name, const std::string& content) const {
    write(folder_.file(name), content);
    std::filesystem::permissions(folder_.file(name), std::filesystem::perms::owner_read);
    return folder_.file(name);
  }
  std::string program(const std::string& name, const std::string& script) const {
    write(folder_.file(name), "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(folder_.file(name), std::filesystem::perms::owner_all);
    return folder_.file(name);
  }
  static std::string encrypted(const std::string& key_pem, const std::string& passphrase) {
    const crypto::UniqueBio in(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
    const crypto::UniquePkey key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
    const crypto::UniqueBio out(BIO_new(BIO_s_mem()));
    EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(), passphrase.data(),
                                            static_cast<int>(passphrase.size()), nullptr, nullptr),
              1);
    const char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  TemporaryFolder folder_;
  config::Diagnostics diagnostics_{"test"};
};

config::Certificate bundle(const std::string& path) {
  config::Certificate entry;
  entry.name = "c";
  entry.chain = path;
  return entry;
}

TEST_F(Loading, ABundleHasTheKeyBeforeBetweenOrBehindTheCertificates) {
  const auto [leaf, key] = made("a.test");
  const std::string& issuer = authority().certificate_pem;
  int i = 0;
  for (const std::string& text : {key + leaf + issuer, leaf + key + issuer, leaf + issuer + key, leaf + key}) {
    const auto loaded = load(bundle(file("bundle" + std::to_string(i++) + ".pem", text)));
    EXPECT_EQ(told(), "");
    ASSERT_NE(loaded[0].key, nullptr);
    EXPECT_EQ(loaded[0].chain.dns_names, std::vector<std::string>{"a.test"});
    EXPECT_EQ(loaded[0].chain.der.size(), 1U);
  }
}

TEST_F(Loading, ABundleWithoutItsKeySaysSo) {
  const auto [leaf, key] = made("a.test");
  load(bundle(file("leaf.pem", leaf)));
  EXPECT_NE(told().find("leaf.pem: there is a certificate but no private key in it; "), std::string::npos) << told();
}

TEST_F(Loading, CertificatesInAnotherOrderAreRefused) {
  const auto [leaf, key] = made("a.test");
  load(bundle(file("order.pem", key + authority().certificate_pem + leaf)));
  EXPECT_FALSE(diagnostics_.ok());
  EXPECT_NE(told().find("order.pem"), std::string::npos) << told();
}

TEST_F(Loading, AFolderHasOneCertificateInEachFile) {
  for (const std::string name : {"b.test", "a.test"}) {
    const auto [leaf, key] = made(name);
    file(name + ".pem", leaf + key);
  }
  const auto [leaf, key] = made("c.test");
  file("c.test.pem", leaf);
  file("c.test.pem.key", key);
  file("c.test.pem.issuer", authority().certificate_pem);
  write(folder_.file("c.test.pem.sctl"), std::string("\0\4\0\2xy", 6));
  write(folder_.file("readme.txt"), "nothing");
  config::Certificate entry;
  entry.name = "all";
  entry.directory = folder_.path().string();
  const auto loaded = load(entry);
  EXPECT_EQ(told(), "");
  ASSERT_EQ(loaded.size(), 3U);
  EXPECT_EQ(loaded[0].name, "all/a.test.pem");
  EXPECT_EQ(loaded[0].entry, "all");
  EXPECT_EQ(loaded[1].chain.dns_names, std::vector<std::string>{"b.test"});
  EXPECT_EQ(loaded[2].sct_list.size(), 6U);
  EXPECT_FALSE(loaded[2].chain.issuer_der.empty());
}

TEST_F(Loading, AFolderThatIsEmptyOrNotThereSaysSo) {
  config::Certificate entry;
  entry.name = "all";
  entry.directory = folder_.path().string();
  EXPECT_TRUE(load(entry).empty());
  EXPECT_NE(told().find("there is no file *.pem in "), std::string::npos) << told();
  entry.directory = folder_.file("absent");
  load(entry);
  EXPECT_NE(told().find("cannot read the folder "), std::string::npos) << told();
}

TEST_F(Loading, ManyAreLoadedInOrder) {
  const auto [leaf, key] = made("a.test");
  std::vector<config::Certificate> entries;
  const std::string path = file("one.pem", leaf + key);
  for (int i = 0; i < 200; ++i) {
    entries.push_back(bundle(i % 50 == 7 ? folder_.file("absent" + std::to_string(i)) : path));
    entries.back().name = std::to_string(i);
  }
  const auto loaded = load_all(entries, std::time(nullptr), diagnostics_);
  ASSERT_EQ(loaded.size(), 200U);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(loaded[i].name, std::to_string(i));
    EXPECT_EQ(loaded[i].key == nullptr, i % 50 == 7);
  }
  EXPECT_EQ(diagnostics_.sorted().size(), 4U);
}

TEST_F(Loading, AnEncryptedKeyIsOpenedWithThePassphraseOfTheCommand) {
  const auto [leaf, key] = made("a.test");
  config::Certificate entry = bundle(file("locked.pem", leaf + encrypted(key, "open sesame")));
  load(entry);
  EXPECT_NE(told().find("encrypted with a passphrase; set passphrase_command"), std::string::npos) << told();
  entry.passphrase_command = {program("say", "echo \"$1 $2\""), "open", "sesame"};
  EXPECT_NE(load(entry)[0].key, nullptr) << told();
  EXPECT_EQ(told(), "");
  entry.passphrase_command = {program("wrong", "echo shut")};
  load(entry);
  EXPECT_NE(told().find("cannot be decrypted with the passphrase"), std::string::npos) << told();
  EXPECT_EQ(told().find("shut"), std::string::npos) << "a passphrase is never shown";
}

TEST_F(Loading, TheCommandRunsOnceForAFolderAndNotForPlainKeys) {
  config::Certificate entry;
  entry.name = "all";
  entry.directory = folder_.path().string();
  entry.passphrase_command = {program("say", "echo x >>" + folder_.file("runs") + "; echo pass")};
  const auto [leaf, key] = made("plain.test");
  file("plain.pem", leaf + key);
  load(entry);
  EXPECT_FALSE(std::filesystem::exists(folder_.file("runs")));
  for (int i = 0; i < 40; ++i) file(std::to_string(i) + ".pem", leaf + encrypted(key, "pass"));
  for (const LoadedCertificate& loaded : load(entry)) EXPECT_NE(loaded.key, nullptr) << told();
  EXPECT_EQ(read(folder_.file("runs")), "x\n");
}

// ---- the command

TEST_F(Loading, APassphraseIsWhatTheCommandWrites) {
  const auto passphrase = Passphrase::ask({program("say", "printf 'two words \\r\\n'")});
  ASSERT_TRUE(passphrase) << passphrase.error();
  EXPECT_EQ(passphrase.value().text(), "two words ");
}

TEST_F(Loading, TheCommandGetsNoDescriptorsAndNoInput) {
  const int open_here = dup2(STDERR_FILENO, 77);  // not close-on-exec
  ASSERT_EQ(open_here, 77);
  const auto passphrase =
      Passphrase::ask({program("list", "for f in /proc/self/fd/*; do echo -n \"${f##*/} \"; done; cat")});
  close(open_here);
  ASSERT_TRUE(passphrase) << passphrase.error();
  const std::string text(passphrase.value().text());
  EXPECT_EQ(text.find("77"), std::string::npos) << text;
  EXPECT_EQ(text.find("0 1 "), 0U) << text;
}

TEST_F(Loading, ACommandThatFailsSaysHowAndNotWhatItWrote) {
  const auto error_of = [](const std::vector<std::string>& command, int timeout_ms = 10'000) {
    const auto passphrase = Passphrase::ask(command, timeout_ms);
    return passphrase ? "no error" : passphrase.error();
  };
  const std::string failed = error_of({program("fail", "echo hush; exit 3")});
  EXPECT_NE(failed.find("failed with status 3; run it by hand"), std::string::npos) << failed;
  EXPECT_EQ(failed.find("hush"), std::string::npos);
  EXPECT_NE(error_of({folder_.file("absent")}).find("cannot run "), std::string::npos);
  EXPECT_NE(error_of({program("silent", "true")}).find("wrote no passphrase"), std::string::npos);
  EXPECT_NE(error_of({program("chatty", "head -c 5000 /dev/zero")}).find("more than a passphrase"), std::string::npos);
  const std::int64_t before = std::time(nullptr);
  EXPECT_NE(error_of({program("slow", "sleep 60 & wait")}, 1000).find("did not end in 1 s"), std::string::npos);
  EXPECT_LT(std::time(nullptr) - before, 10);
}

// ---- compression

TEST_F(Loading, MessagesAreCompressedBothWaysAndComeBack) {
  const auto [leaf, key] = made("a.test");
  const auto loaded = load(bundle(file("bundle.pem", leaf + key)));
  const tls::CertificateMessages& messages = *loaded[0].messages;
  const std::vector<std::uint8_t>& plain = messages.tls13.back().messages;
  std::size_t compressed = 0;
  for (const tls::CertificateForm& form : messages.tls13) {
    if (form.messages[0] != 25) continue;
    ++compressed;
    EXPECT_LT(form.messages.size(), plain.size());
    const Bytes data = Bytes(form.messages).subspan(4 + 2 + 3 + 3);
    std::vector<std::uint8_t> out(plain.size() - 4);
    if (contains(form.needs, tls::CertificateExtra::zlib)) {
      uLongf size = out.size();
      ASSERT_EQ(uncompress(out.data(), &size, data.data(), data.size()), Z_OK);
      EXPECT_EQ(size, out.size());
    } else {
      std::size_t size = out.size();
      ASSERT_EQ(BrotliDecoderDecompress(data.size(), data.data(), &size, out.data()), BROTLI_DECODER_RESULT_SUCCESS);
      EXPECT_EQ(size, out.size());
    }
    EXPECT_TRUE(std::equal(out.begin(), out.end(), plain.begin() + 4));
  }
  EXPECT_EQ(compressed, 2U);
}

}  // namespace
}  // namespace lockstep::certs
