#include "tests/unit/dataplane/tls/none_client.h"

#include <gtest/gtest.h>

namespace lockstep::tls::test {

namespace {

class NoneKey final : public crypto::PrivateKey {
 public:
  NoneKey(crypto::KeyType type, unsigned bits) : PrivateKey(type, bits) {}
};

Credential none_credential(crypto::KeyType type, unsigned bits) {
  return make_credential({Buffer(700, 0x30), Buffer(900, 0x31)}, std::make_shared<NoneKey>(type, bits));
}

}  // namespace

ServerConfig none_config() {
  ServerConfig config;
  config.identities = std::make_shared<Identities>(Identities{
      {{{none_credential(crypto::KeyType::ecdsa_p256, 256), none_credential(crypto::KeyType::rsa, 2048)}}}, {}, {}});
  config.cipher_suites = default_cipher_suites();
  config.groups = default_groups();
  config.alpn = {"http/1.1"};
  return config;
}

void NoneClient::protect(Protection protection, std::uint8_t pattern, crypto::Aead aead) {
  protection_ = protection;
  sequence_ = 0;
  keys_.aead = aead;
  keys_.id = pattern;
  const auto fill = [&](MutableBytes out) { std::fill(out.begin(), out.end(), pattern); };
  fill(keys_.key.writable());
  fill(keys_.iv.writable());
}

void NoneClient::protect_cbc(crypto::CbcSuite suite) {
  protection_ = Protection::tls12;
  sequence_ = 0;
  cbc_keys_.emplace();
  cbc_keys_->suite = suite;
  const MutableBytes mac_key = cbc_keys_->mac_key.writable();
  std::fill(mac_key.begin(), mac_key.end(), kKeys12);
}

Buffer NoneClient::plain(ContentType type, const Buffer& content, std::uint16_t version) {
  return join({{static_cast<std::uint8_t>(type)}, u16(version), vector16(content)});
}

Buffer NoneClient::record(ContentType type, const Buffer& content, std::size_t padding) {
  if (protection_ == Protection::none) return plain(type, content);
  if (cbc_keys_) return cbc_record(type, content, padding);
  if (protection_ == Protection::tls12) return protected_record(type, content);
  return protected_record(ContentType::application_data,
                          join({content, {static_cast<std::uint8_t>(type)}, Buffer(padding, 0)}));
}

Buffer NoneClient::cbc_record(ContentType type, const Buffer& content, std::size_t padding) {
  const std::size_t mac = mac_size(cbc_keys_->suite);
  padding += cbc_fragment_size(*cbc_keys_, content.size()) - crypto::kCbcBlock - content.size() - mac - 1;
  const Buffer covered =
      join({Buffer(crypto::kCbcBlock, 0x1f), content, Buffer(padding + 1, static_cast<std::uint8_t>(padding))});
  Buffer checksum(mac);
  const crypto::CbcRecordHeader header{sequence_++, static_cast<std::uint8_t>(type), 0x0303};
  lockstep::test::none_cbc_checksum(*cbc_keys_, header, covered, checksum);
  return plain(type, join({covered, checksum}));
}

Buffer NoneClient::protected_record(ContentType outer, const Buffer& inner) {
  const std::uint32_t explicit_nonce = explicit_nonce_size(protection_, keys_.aead);
  RecordHeader header;
  header.type = outer;
  header.version = 0x0303;
  header.length = static_cast<std::uint16_t>(explicit_nonce + inner.size() + crypto::kAeadTag);
  crypto::SealJob job;
  const Buffer nonce = integer(sequence_, 8);
  if (explicit_nonce != 0)
    salted_nonce(keys_.iv.expose(), nonce, job.nonce);
  else
    xor_nonce(keys_.iv.expose(), sequence_, job.nonce);
  set_additional_data(job, protection_, sequence_, header, static_cast<std::uint32_t>(inner.size()));
  Buffer sealed(inner.size() + crypto::kAeadTag);
  job.keys = &keys_;
  job.plaintext[0] = inner;
  job.piece_count = 1;
  job.ciphertext = sealed.data();
  crypto::Job* const jobs[] = {&job};
  crypto::JobList done;
  lockstep::test::NoneEngine().run(jobs, done);
  ++sequence_;
  return plain(outer, explicit_nonce != 0 ? join({nonce, sealed}) : sealed);
}

Buffer NoneClient::finished13(std::size_t size) {
  return message(20, Buffer(size, lockstep::test::kNoneClientFinished));
}

Buffer NoneClient::finished12() {
  return message(20, Buffer(12, lockstep::test::kNoneClientFinished));
}

Buffer NoneClient::key_exchange(const Buffer& key) {
  return message(16, vector8(key));
}

Buffer NoneClient::rsa_key_exchange(const Buffer& encrypted) {
  return message(16, vector16(encrypted));
}

std::vector<ServerRecord> server_records(const Buffer& output, Protection protection, bool already_protected,
                                         std::optional<crypto::CbcSuite> cbc) {
  std::vector<ServerRecord> records;
  bool is_protected = already_protected;
  for (Reader reader{Bytes(output)}; reader.remaining() != 0;) {
    ServerRecord record;
    record.outer = record.type = static_cast<ContentType>(reader.u8());
    EXPECT_EQ(reader.u16(), 0x0303);
    const Bytes content = reader.vector16();
    EXPECT_TRUE(reader.ok());
    record.content.assign(content.begin(), content.end());
    if (protection == Protection::tls13 && record.outer == ContentType::application_data) {
      record.content.resize(content.size() - crypto::kAeadTag);
      for (; record.content.back() == 0; ++record.padding) record.content.pop_back();
      record.type = static_cast<ContentType>(record.content.back());
      record.content.pop_back();
    } else if (cbc && is_protected) {
      const Bytes covered = content.first(content.size() - mac_size(*cbc));
      record.content.assign(covered.begin() + crypto::kCbcBlock, covered.end() - covered.back() - 1);
    } else if (protection == Protection::tls12 && is_protected) {
      record.content.assign(content.begin() + 8, content.end() - crypto::kAeadTag);
    }
    is_protected = is_protected || record.outer == ContentType::change_cipher_spec;
    records.push_back(std::move(record));
  }
  return records;
}

Scene::Scene(const ServerConfig& config_in, const DriverOptions& options_in) : config(config_in), options(options_in) {}
Scene::Scene() : Scene(none_config()) {}

Driver& Scene::server() {
  if (server_ == nullptr) server_ = std::make_unique<Driver>(config, *engine, options);
  return *server_;
}

void Scene::send(const Buffer& bytes) {
  server().feed(bytes);
  server().run();
}

std::vector<ServerRecord> Scene::records() {
  const Buffer more = server().take_output();
  output_.insert(output_.end(), more.begin(), more.end());
  return server_records(output_, protection, false, cbc);
}

void Scene::hello_13() {
  handshake(hello13().whole());
  protection = Protection::tls13;
  client.protect(Protection::tls13, NoneClient::kHandshake13);
}

void Scene::establish13() {
  hello_13();
  handshake(NoneClient::finished13());
  ASSERT_TRUE(server().established) << describe(server().session().info().error);
  client.protect(Protection::tls13, NoneClient::kApplication13);
}

void Scene::hello_12() {
  handshake(hello12().whole());
  protection = Protection::tls12;
}

void Scene::hello_classic() {
  config.cipher_suites = {CipherSuite::rsa_aes_128_cbc_sha};
  Hello hello;
  hello.session_id = {};
  hello.suites({0x002f});
  hello.with_extensions = false;
  handshake(hello.whole());
  protection = Protection::tls12;
  cbc = crypto::CbcSuite::aes_128_sha1;
}

void Scene::key_exchange_classic() {
  hello_classic();
  handshake(NoneClient::rsa_key_exchange());
  send(ContentType::change_cipher_spec, {1});
  client.protect_cbc(*cbc);
}

void Scene::establish_classic() {
  key_exchange_classic();
  handshake(NoneClient::finished12());
  ASSERT_TRUE(server().established) << describe(server().session().info().error);
}

void Scene::establish12() {
  hello_12();
  handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
  send(ContentType::change_cipher_spec, {1});
  client.protect(Protection::tls12, NoneClient::kKeys12);
  handshake(NoneClient::finished12());
  ASSERT_TRUE(server().established) << describe(server().session().info().error);
}

}  // namespace lockstep::tls::test
