#include <gtest/gtest.h>

#include "control/certs/client_authentication.h"
#include "control/config/load.h"
#include "control/snapshot/build.h"
#include "control/snapshot/store.h"
#include "dataplane/tls/ticket_keys.h"
#include "tests/support/certificates.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::snapshot {
namespace {

using tests::certificates;

certs::LoadedCertificate load(const std::string& name) {
  config::Certificate certificate;
  certificate.name = name;
  certificate.chain = certificates().file(name + ".pem");
  certificate.key = certificates().file(name + ".key");
  config::Diagnostics diagnostics("test");
  certs::LoadedCertificate loaded = certs::load_all({certificate}, std::time(nullptr), diagnostics).front();
  EXPECT_TRUE(diagnostics.ok()) << diagnostics.render_all();
  return loaded;
}

TEST(ServerConfig, JoinsRsaAndEcdsaOfTheSameNamesWithEcdsaFirst) {
  const certs::LoadedCertificate rsa = load("rsa"), ecdsa = load("ecdsa");
  const tls::ServerConfig config = server_config(config::Tls(), {&rsa, &ecdsa});
  ASSERT_EQ(config.identities->list.size(), 1U);
  ASSERT_EQ(config.identities->list[0].credentials.size(), 2U);
  EXPECT_EQ(config.identities->list[0].credentials[0].key->type(), crypto::KeyType::ecdsa_p256);
  EXPECT_EQ(config.identities->list[0].credentials[1].key->type(), crypto::KeyType::rsa);
  EXPECT_EQ(config.identities->exact.at("demo.test"), 0U);
  EXPECT_EQ(config.identities->wildcard.at("demo.test"), 0U);
}

TEST(ServerConfig, GivesDifferentNamesDifferentIdentitiesAndTheFirstIsTheDefault) {
  const certs::LoadedCertificate other = load("other"), ecdsa = load("ecdsa"), rsa = load("rsa");
  const tls::ServerConfig config = server_config(config::Tls(), {&other, &ecdsa, &rsa});
  ASSERT_EQ(config.identities->list.size(), 2U);
  EXPECT_EQ(config.identities->exact.at("other.test"), 0U);
  EXPECT_EQ(config.identities->exact.at("demo.test"), 1U);
  EXPECT_EQ(config.identities->list[0].credentials.size(), 1U);
  EXPECT_EQ(config.identities->list[1].credentials.size(), 2U);
}

TEST(ServerConfig, OfTwoCertificatesWithOneKindOfKeyTheFirstCounts) {
  const certs::LoadedCertificate ecdsa = load("ecdsa"), expired = load("expired");
  const tls::ServerConfig config = server_config(config::Tls(), {&ecdsa, &expired});
  ASSERT_EQ(config.identities->list.size(), 1U);
  ASSERT_EQ(config.identities->list[0].credentials.size(), 1U);
  EXPECT_EQ(config.identities->list[0].credentials[0].key, ecdsa.key);
}

TEST(ServerConfig, KnowsWhichCertificatesAllowTheRsaKeyExchange) {
  certs::LoadedCertificate rsa = load("rsa");
  for (const bool allowed : {true, false}) {
    rsa.chain.key_encipherment = allowed;
    EXPECT_EQ(server_config(config::Tls(), {&rsa}).identities->list[0].credentials[0].may_encipher, allowed);
  }
}

TEST(ServerConfig, CarriesTheTlsSettings) {
  const certs::LoadedCertificate ecdsa = load("ecdsa");
  config::Tls tls;
  tls.versions = {tls::Version::tls13};
  tls.alpn = {"http/1.1"};
  tls.strict_sni = true;
  tls.handshake_timeout = seconds(3);
  tls.session_lifetime = hours(3);
  tls.tickets = 5;
  tls.retry_cookie = true;
  tls.psk_ke = true;
  tls.early_data = 1000;
  tls.record_padding = 512;
  const tls::ServerConfig config = server_config(tls, {&ecdsa});
  EXPECT_TRUE(config.tls13);
  EXPECT_FALSE(config.tls12);
  EXPECT_EQ(config.alpn, tls.alpn);
  EXPECT_TRUE(config.strict_sni);
  EXPECT_EQ(config.handshake_timeout, seconds(3));
  EXPECT_EQ(config.session_lifetime, hours(3));
  EXPECT_EQ(config.tickets, 5);
  EXPECT_TRUE(config.retry_cookie);
  EXPECT_TRUE(config.psk_ke);
  EXPECT_EQ(config.max_early_data, 1000);
  EXPECT_EQ(config.record_padding, 512);
}

TEST(Snapshot, HasTheServicesOfTheConfiguration) {
  const std::string path = certificates().file("snapshot.toml");
  tests::write(path, R"([[port]]
name = "p"
device = "net_null0"
addresses = ["198.18.0.2/24"]
[[certificate]]
name = "c"
chain = "ecdsa.pem"
key = "ecdsa.key"
[[service]]
name = "tls"
listen = ["198.18.0.2:443"]
certificates = ["c"]
builtin = "http"
[[service]]
name = "tcp"
mode = "tcp"
listen = ["198.18.0.2:80"]
backends = ["198.18.0.9:80"]
balance = "least_connections"
)");
  const config::Loaded loaded = config::load(path);
  ASSERT_TRUE(loaded.ok()) << loaded.diagnostics.render_all();
  const auto keys = std::make_shared<const tls::TicketKeys>();
  const auto snapshot = build(loaded.config, loaded.certificates, 7, keys);
  EXPECT_EQ(snapshot->epoch, 7U);
  ASSERT_EQ(snapshot->services.size(), 2U);
  ASSERT_NE(snapshot->services[0].tls, nullptr);
  EXPECT_EQ(snapshot->services[0].tls->identities->list.size(), 1U);
  EXPECT_EQ(snapshot->services[0].tls->ticket_keys, keys);
  const std::array<std::uint8_t, 16> none{};
  EXPECT_NE(snapshot->services[0].tls->resumption_scope, none) << "sessions belong to the service";
  EXPECT_EQ(snapshot->services[1].tls, nullptr);
  EXPECT_EQ(snapshot->services[1].balance, proxy::Balance::least_connections);
}

TEST(Snapshot, RekeyedSharesEverythingButTheKeys) {
  const certs::LoadedCertificate ecdsa = load("ecdsa");
  config::Config config;
  for (const char* const name : {"one", "two", "without"}) {
    config::Service& service = config.services.emplace_back();
    service.proxy.name = name;
    service.certificates = {"ecdsa"};
  }
  config.services[2].tls.tickets = 0;
  const auto before = std::make_shared<tls::TicketKeys>(), after = std::make_shared<tls::TicketKeys>();
  const auto first = build(config, {ecdsa}, 4, before);
  EXPECT_EQ(first->configuration(), 4U);
  const auto second = rekeyed(*first, after, 5);
  const auto third = rekeyed(*second, before, 6);
  EXPECT_EQ(second->epoch, 5U);
  EXPECT_EQ(second->configuration(), 4U);
  EXPECT_EQ(third->configuration(), 4U) << "a rotation of a rotation";
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(second->services[i].name, config.services[i].proxy.name);
    EXPECT_EQ(second->services[i].tls->identities, first->services[i].tls->identities) << "the same object";
    EXPECT_EQ(second->services[i].tls->resumption_scope, first->services[i].tls->resumption_scope);
  }
  EXPECT_EQ(first->services[0].tls->ticket_keys, before);
  EXPECT_EQ(second->services[0].tls->ticket_keys, after);
  EXPECT_EQ(second->services[1].tls->ticket_keys, after);
  EXPECT_EQ(second->services[2].tls->ticket_keys, nullptr) << "no tickets";
}

TEST(ResumptionScope, DiffersInWhatASessionMayNotCross) {
  config::Service service;
  service.proxy.name = "web";
  const auto scope = resumption_scope(service);
  EXPECT_EQ(resumption_scope(service), scope);
  // SHA-256 of the label, 3, "web", 0, 0 as computed elsewhere: machines of all versions agree.
  const std::array<std::uint8_t, 4> first = {0x80, 0x2a, 0xea, 0xd1};
  EXPECT_TRUE(std::equal(first.begin(), first.end(), scope.begin()));
  config::Service other = service;
  other.proxy.name = "wea";
  EXPECT_NE(resumption_scope(other), scope);
  other = service;
  other.tls.strict_sni = true;
  EXPECT_NE(resumption_scope(other), scope);
  other = service;
  other.proxy.backends.emplace_back();
  other.certificates = {"new"};
  EXPECT_EQ(resumption_scope(other), scope) << "what is behind it is not the client's concern";
}

/// Settings of clients' authorities with `pem` as the bundle.
config::Service service_asking(config::ClientAuth client_auth, const std::string& pem, int depth = 8) {
  config::Service service;
  service.proxy.name = "web";
  service.client_auth = client_auth;
  service.client_ca = certificates().file("clients.pem");
  service.client_verify_depth = depth;
  tests::write(service.client_ca, pem);
  config::Diagnostics diagnostics("test");
  service.client_authentication = certs::load_client_authentication(service, diagnostics);
  EXPECT_NE(service.client_authentication, nullptr) << diagnostics.render_all();
  return service;
}

TEST(ResumptionScope, DiffersInHowClientsAuthenticate) {
  using enum config::ClientAuth;
  const std::string one = lockstep::test::make_authority("CA").certificate_pem;
  const std::string two = lockstep::test::make_authority("CA").certificate_pem;
  config::Service without;
  without.proxy.name = "web";
  const auto scope = resumption_scope(service_asking(required, one));
  EXPECT_EQ(resumption_scope(service_asking(required, one)), scope);
  EXPECT_NE(resumption_scope(without), scope);
  EXPECT_NE(resumption_scope(service_asking(optional, one)), scope);
  EXPECT_NE(resumption_scope(service_asking(required, two)), scope);
  EXPECT_NE(resumption_scope(service_asking(required, one + two)), scope);
  EXPECT_NE(resumption_scope(service_asking(required, one, 3)), scope);
}

/// A worker that takes snapshots when told to.
struct FakeWorker {
  std::vector<std::uint64_t> mailbox;
  std::uint64_t pinned = 0;
  std::size_t room = 8;

  Subscriber subscriber() {
    return {[this](const proxy::Snapshot& snapshot) {
              if (mailbox.size() >= room) return false;
              mailbox.push_back(snapshot.epoch);
              return true;
            },
            [this] { return pinned; }};
  }
};

/// A snapshot whose end can be seen.
std::unique_ptr<proxy::Snapshot> watched(Store& store, std::weak_ptr<const tls::ServerConfig>& alive) {
  auto snapshot = std::make_unique<proxy::Snapshot>();
  snapshot->epoch = store.next_epoch();
  auto config = std::make_shared<const tls::ServerConfig>();
  alive = config;
  snapshot->services.emplace_back().tls = std::move(config);
  return snapshot;
}

TEST(SnapshotStore, FreesASnapshotWhenTheLastWorkerHasLetGo) {
  FakeWorker a, b;
  Store store({a.subscriber(), b.subscriber()});
  std::weak_ptr<const tls::ServerConfig> first, second;
  EXPECT_EQ(store.publish(watched(store, first)), "");
  EXPECT_EQ(store.publish(watched(store, second)), "");
  EXPECT_EQ(a.mailbox, (std::vector<std::uint64_t>{1, 2}));
  a.pinned = 2;
  b.pinned = 1;
  store.maintain();
  EXPECT_FALSE(first.expired());
  EXPECT_EQ(store.old(), 1U);
  b.pinned = 2;
  store.maintain();
  EXPECT_TRUE(first.expired());
  EXPECT_FALSE(second.expired());
  EXPECT_EQ(store.old(), 0U);
}

TEST(SnapshotStore, RefusesAReloadWhenTooManyOldOnesLive) {
  FakeWorker worker;
  Store store({worker.subscriber()});
  std::weak_ptr<const tls::ServerConfig> last;
  for (std::size_t i = 0; i < 1 + Store::kMaxOld; ++i) EXPECT_EQ(store.publish(watched(store, last)), "");
  worker.pinned = 1;
  const std::uint64_t epoch = store.next_epoch();
  EXPECT_NE(store.publish(watched(store, last)), "");
  EXPECT_TRUE(last.expired());
  EXPECT_EQ(store.next_epoch(), epoch) << "nothing changes";
  EXPECT_EQ(store.current()->epoch, epoch - 1);
  worker.pinned = 2;
  EXPECT_EQ(store.publish(watched(store, last)), "");
}

TEST(SnapshotStore, SendsAgainToAFullMailboxAndSkipsWhatIsOutdated) {
  FakeWorker worker;
  worker.room = 1;
  Store store({worker.subscriber()});
  std::weak_ptr<const tls::ServerConfig> ignored;
  EXPECT_EQ(store.publish(watched(store, ignored)), "");
  EXPECT_EQ(store.publish(watched(store, ignored)), "");
  EXPECT_EQ(store.publish(watched(store, ignored)), "");
  EXPECT_EQ(worker.mailbox, std::vector<std::uint64_t>{1});
  EXPECT_FALSE(store.delivered());
  worker.pinned = 1;
  worker.mailbox.clear();
  store.maintain();
  EXPECT_EQ(worker.mailbox, std::vector<std::uint64_t>{3});
  EXPECT_TRUE(store.delivered());
  worker.pinned = 3;
  store.maintain();
  EXPECT_EQ(store.old(), 0U);
}

TEST(SnapshotStore, KeepsTheCurrentSnapshotWhateverWorkersSay) {
  FakeWorker worker;
  worker.pinned = 100;
  Store store({worker.subscriber()});
  std::weak_ptr<const tls::ServerConfig> only;
  EXPECT_EQ(store.publish(watched(store, only)), "");
  store.maintain();
  EXPECT_FALSE(only.expired());
}

}  // namespace
}  // namespace lockstep::snapshot
