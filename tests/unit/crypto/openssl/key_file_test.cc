#include "crypto/openssl/key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "crypto/openssl/handles.h"
#include "tests/support/certificates.h"

namespace lockstep::crypto::test {
namespace {

using lockstep::test::make_key;
using lockstep::test::rsa_2048_key;
using testing::HasSubstr;

std::string error_of(std::string_view pem) {
  const auto key = load_private_key(pem);
  return key ? "no error" : key.error();
}

UniquePkey parsed(const std::string& pem) {
  const UniqueBio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return UniquePkey(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
}

std::string text_of(const UniqueBio& bio) {
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

TEST(KeyFile, LoadsEveryKeyTypeThatCanSign) {
  struct Case {
    std::string pem;
    KeyType type;
    unsigned bits;
  };
  for (const Case& each :
       {Case{rsa_2048_key(), KeyType::rsa, 2048}, Case{make_key("P-256"), KeyType::ecdsa_p256, 256},
        Case{make_key("P-384"), KeyType::ecdsa_p384, 384}, Case{make_key("ED25519"), KeyType::ed25519, 255}}) {
    const auto key = load_private_key(each.pem);
    ASSERT_TRUE(key) << key.error();
    EXPECT_EQ(key.value()->type(), each.type);
    EXPECT_EQ(key.value()->bits(), each.bits);
  }
}

TEST(KeyFile, LoadsTheTraditionalForms) {  // PKCS #1 and SEC 1
  for (const std::string& pem : {rsa_2048_key(), make_key("P-256")}) {
    const UniqueBio bio(BIO_new(BIO_s_mem()));
    ASSERT_EQ(PEM_write_bio_PrivateKey_traditional(bio.get(), parsed(pem).get(), nullptr, nullptr, 0, nullptr, nullptr),
              1);
    const auto key = load_private_key(text_of(bio));
    EXPECT_TRUE(key) << key.error();
  }
}

TEST(KeyFile, PassesOverWhatStandsBeforeTheKey) {  // 'openssl ecparam -genkey' writes the parameters first
  const std::string parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  lockstep::test::CertificateRequest request;
  request.key_pem = make_key("P-256");
  EXPECT_TRUE(load_private_key(parameters + request.key_pem));
  EXPECT_TRUE(load_private_key(lockstep::test::make_certificate(request) + request.key_pem));
}

/// A key encrypted as PKCS #8 and in the traditional way, with the passphrase "secret".
std::vector<std::string> encrypted_keys() {
  const UniquePkey pkey = parsed(make_key("P-256"));
  char password[] = "secret";
  const UniqueBio pkcs8(BIO_new(BIO_s_mem()));
  EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(pkcs8.get(), pkey.get(), EVP_aes_256_cbc(), password, 6, nullptr, nullptr),
            1);
  const UniqueBio traditional(BIO_new(BIO_s_mem()));
  EXPECT_EQ(PEM_write_bio_PrivateKey_traditional(traditional.get(), pkey.get(), EVP_aes_256_cbc(),
                                                 reinterpret_cast<unsigned char*>(password), 6, nullptr, nullptr),
            1);
  return {text_of(pkcs8), text_of(traditional)};
}

TEST(KeyFile, RefusesEncryptedKeysWithTheRemedy) {
  for (const std::string& pem : encrypted_keys()) {
    EXPECT_TRUE(key_is_encrypted(pem));
    EXPECT_THAT(error_of(pem), HasSubstr("encrypted"));
    EXPECT_THAT(error_of(pem), HasSubstr("set passphrase_command"));
  }
}

TEST(KeyFile, OpensEncryptedKeysWithTheirPassphraseOnly) {
  for (const std::string& pem : encrypted_keys()) {
    EXPECT_TRUE(load_private_key(pem, "secret")) << pem;
    for (const std::string& wrong : {std::string("Secret"), std::string("secre"), std::string(2000, 's')})
      EXPECT_THAT(load_private_key(pem, wrong).error(), HasSubstr("cannot be decrypted with the passphrase"));
  }
  EXPECT_FALSE(key_is_encrypted(make_key("P-256")));
  EXPECT_FALSE(key_is_encrypted(""));
  EXPECT_FALSE(key_is_encrypted("PRIVATE KEY-----"));
}

TEST(KeyFile, APassphraseForAPlainKeyIsNotUsed) {
  EXPECT_TRUE(load_private_key(make_key("P-256"), "secret"));
}

TEST(KeyFile, NamesSizesAndTypesThatCannotBeUsed) {
  EXPECT_THAT(error_of(make_key("RSA", 1024)), HasSubstr("1024 bits; use 2048 to 4096"));
  EXPECT_THAT(error_of(make_key("P-521")), HasSubstr("secp521r1; use P-256"));
  EXPECT_THAT(error_of(make_key("X25519")), HasSubstr("keys of type X25519 cannot be used"));
  EXPECT_THAT(error_of(make_key("ED448")), HasSubstr("keys of type ED448 cannot be used"));
}

TEST(KeyFile, TellsWhatIsInAFileWithoutAKey) {
  lockstep::test::CertificateRequest request;
  request.key_pem = make_key("P-256");
  EXPECT_THAT(error_of(lockstep::test::make_certificate(request)), HasSubstr("a certificate but no private key"));
  EXPECT_THAT(error_of(""), HasSubstr("no private key in PEM form"));
  EXPECT_THAT(error_of("\x30\x82\x01"), HasSubstr("-inform DER"));
}

TEST(KeyFile, RefusesADamagedText) {
  std::string pem = make_key("P-256");
  pem[pem.find('\n') + 12] = '?';
  EXPECT_THAT(error_of(pem), HasSubstr("damaged"));
}

TEST(KeyFile, RefusesAKeyWhoseHalvesDoNotFit) {
  // The public exponent becomes 65539 in place of 65537.
  const UniquePkey pkey = parsed(rsa_2048_key());
  unsigned char* der = nullptr;
  const int size = i2d_PrivateKey(pkey.get(), &der);
  ASSERT_GT(size, 0);
  std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  const std::size_t at = bytes.find(std::string("\x02\x03\x01\x00\x01", 5));
  ASSERT_NE(at, std::string::npos);
  bytes[at + 4] = 3;
  const UniqueBio bio(BIO_new(BIO_s_mem()));
  ASSERT_GT(PEM_write_bio(bio.get(), "RSA PRIVATE KEY", "", reinterpret_cast<const unsigned char*>(bytes.data()), size),
            0);
  EXPECT_THAT(error_of(text_of(bio)), HasSubstr("signatures made with it do not verify"));
}

}  // namespace
}  // namespace lockstep::crypto::test
