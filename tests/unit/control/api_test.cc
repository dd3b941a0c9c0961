#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "control/api/client.h"
#include "control/api/metrics.h"
#include "control/api/server.h"
#include "control/api/status.h"
#include "control/api/tickets.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::api {
namespace {

/// All the counters of a worker without the worker.
struct FakeWorker {
  net::NetCounters net;
  tcp::Counters tcp;
  tls::Counters tls;
  proxy::Counters proxy;
  worker::WorkerCounters loop;
  crypto::Batch batch{crypto::Policy{}};
  Histogram wake_up;
  control::EngineSet engines;
  std::atomic<std::uint64_t> hits{17};

  FakeWorker() {
    for (std::size_t kind = 0; kind < crypto::kJobClasses; ++kind)
      engines.table.push_back({static_cast<crypto::JobClass>(kind), "libcrypto", "because \"it\" is\nthere"});
    engines.counters = {{"expanded_keys_hits", &hits}};
  }
  WorkerView view(std::uint16_t index) {
    WorkerView view;
    view.index = index;
    view.oldest_pinned = 3;
    view.net = &net;
    view.tcp = &tcp;
    view.tls = &tls;
    view.proxy = &proxy;
    view.loop = &loop;
    view.batch = &batch;
    view.wake_up = &wake_up;
    view.engines = &engines;
    return view;
  }
};

/// All the counters of a crypto core that serves two workers.
struct FakeCryptoCore {
  worker::CryptoCoreCounters loop;
  crypto::Batch batch{crypto::Policy{}};
  control::EngineSet engines;
  std::atomic<std::uint64_t> taken{5};
  io::Doorbell bell;
  worker::CryptoChannel first{bell, 8};
  worker::CryptoChannel second{bell, 8};

  FakeCryptoCore() {
    engines.table = {{crypto::JobClass::sign_p256, "lanes", "eight at a time"}};
    engines.counters = {{"nonce_pairs_taken", &taken}};
  }
  CryptoCoreView view() const { return {0, 3, &loop, &batch, &engines, {&first, &second}}; }
};

View view_of(FakeWorker& a, FakeWorker& b) {
  View view;
  view.epoch = 3;
  view.workers = {a.view(0), b.view(1)};
  PortView port;
  port.name = "outside";
  port.stats.received = 5;
  view.ports = {port};
  ServiceView service;
  service.name = "we\"b\\\n";
  service.listen = {"198.18.0.2:443"};
  BackendView backend;
  backend.name = "one";
  backend.connections = 4;
  service.backends = {backend};
  view.services = {service};
  CertificateView& certificate = view.certificates.emplace_back();
  certificate.name = "demo";
  certificate.key = "RSA-2048";
  certificate.dns_names = {"demo.test"};
  certificate.not_after = 1'900'000'000;
  certificate.issuer = "CN=authority";
  certificate.ocsp = "good";
  certificate.ocsp_next_update = 1'800'000'000;
  certificate.services = {"web"};
  certificate.message_bytes = 4000;
  view.certificate_bytes = 20480;
  view.tickets.source = "random";
  view.tickets.rotations = 12;
  view.tickets.keys = {
      {"0001020304050607", tickets::Use::next, seconds(1'900'003'600).ns, std::nullopt},
      {"08090a0b0c0d0e0f", tickets::Use::sealing, seconds(1'900'000'000).ns, seconds(1'900'007'200).ns}};
  return view;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The value of the sample that is exactly `sample`; -1 when there is none.
double value_of(const std::string& text, const std::string& sample) {
  for (const std::string& line : lines_of(text))
    if (line.rfind(sample + " ", 0) == 0) return std::stod(line.substr(sample.size() + 1));
  return -1;
}

TEST(Metrics, AreWellFormedAndEachFamilyStandsTogether) {
  FakeWorker a, b;
  FakeCryptoCore core;
  View view = view_of(a, b);
  view.crypto_cores = {core.view()};
  const std::string text = metrics_text(view);
  const std::regex sample(
      R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-z_]+="([^"\\\n]|\\["\\n])*")(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})? [-+0-9.e]+(Inf)?)");
  const std::regex help("# HELP ([a-zA-Z0-9_]+) .+");
  const std::regex type("# TYPE ([a-zA-Z0-9_]+) (counter|gauge|histogram)");
  std::set<std::string> families, samples;
  std::string current, kind;
  std::smatch match;
  for (const std::string& line : lines_of(text)) {
    if (std::regex_match(line, match, help)) {
      current = match[1];
      EXPECT_TRUE(families.insert(current).second) << current << " twice";
    } else if (std::regex_match(line, match, type)) {
      EXPECT_EQ(match[1], current);
      kind = match[2];
      EXPECT_EQ(kind == "counter", current.size() > 6 && current.substr(current.size() - 6) == "_total") << current;
    } else {
      ASSERT_TRUE(std::regex_match(line, match, sample)) << line;
      const std::string name = match[1];
      EXPECT_TRUE(kind == "histogram" ? std::regex_match(name, std::regex(current + "_(bucket|sum|count)"))
                                      : name == current)
          << line;
      EXPECT_TRUE(samples.insert(line.substr(0, line.rfind(' '))).second) << line;
    }
  }
  EXPECT_GT(families.size(), 90U);
}

TEST(Metrics, HaveEveryCounterOfEveryWorker) {
  FakeWorker a, b;
  a.tcp.segments_received.add(11);
  b.tcp.segments_received.add(22);
  a.tls.errors[static_cast<std::size_t>(tls::Error::bad_record)].add(3);
  b.proxy.connections.set(9);
  const std::string text = metrics_text(view_of(a, b));
  EXPECT_EQ(value_of(text, "lockstep_tcp_segments_received_total{worker=\"0\"}"), 11);
  EXPECT_EQ(value_of(text, "lockstep_tcp_segments_received_total{worker=\"1\"}"), 22);
  EXPECT_EQ(value_of(text, "lockstep_tls_errors_total{worker=\"0\",error=\"bad_record\"}"), 3);
  EXPECT_EQ(value_of(text, "lockstep_proxy_connections{worker=\"1\"}"), 9);
  EXPECT_EQ(value_of(text, "lockstep_port_received_frames_total{port=\"outside\"}"), 5);
  EXPECT_EQ(value_of(text, "lockstep_snapshot_epoch"), 3);
  EXPECT_EQ(value_of(text, "lockstep_backend_connections{service=\"we\\\"b\\\\\\n\",backend=\"one\"}"), 4);
  EXPECT_EQ(value_of(text, "lockstep_engine_expanded_keys_hits_total{worker=\"1\"}"), 17);
  EXPECT_EQ(value_of(text, "lockstep_certificate_not_after_seconds{certificate=\"demo\"}"), 1'900'000'000);
  const auto all_there = [&](const std::string& prefix, const auto& counters) {
    counters.visit([&](CounterType type, const char* name, const char*, std::uint64_t value) {
      const std::string sample = prefix + name + (type == CounterType::counter ? "_total" : "") + "{worker=\"0\"}";
      EXPECT_EQ(value_of(text, sample), static_cast<double>(value)) << sample;
    });
  };
  all_there("lockstep_net_", a.net);
  all_there("lockstep_tcp_", a.tcp);
  all_there("lockstep_tls_", a.tls);
  all_there("lockstep_proxy_", a.proxy);
  all_there("lockstep_worker_", a.loop);
}

TEST(Metrics, TellCryptoCoresFromTheWorkersThatUseThem) {
  FakeWorker a, b;
  FakeCryptoCore core;
  Counter done_locally;
  core.loop.jobs.add(40);
  core.first.sent.add(30);
  core.second.full.add(2);
  done_locally.add(4);
  View view = view_of(a, b);
  EXPECT_EQ(metrics_text(view).find("crypto_core"), std::string::npos) << "nothing of what does not exist";
  view.crypto_cores = {core.view()};
  view.workers[1].done_locally = &done_locally;
  const std::string text = metrics_text(view);
  EXPECT_EQ(value_of(text, "lockstep_crypto_core_jobs_total{crypto_core=\"0\"}"), 40);
  EXPECT_EQ(value_of(text, "lockstep_crypto_core_jobs_sent_total{crypto_core=\"0\",worker=\"0\"}"), 30);
  EXPECT_EQ(value_of(text, "lockstep_crypto_core_ring_full_total{crypto_core=\"0\",worker=\"1\"}"), 2);
  EXPECT_EQ(value_of(text, "lockstep_worker_crypto_core_jobs_done_locally_total{worker=\"1\"}"), 4);
  EXPECT_EQ(value_of(text, "lockstep_crypto_core_batch_jobs_total{crypto_core=\"0\",class=\"sign_p256\"}"), 0);
  EXPECT_EQ(value_of(text, "lockstep_crypto_core_batch_jobs_total{crypto_core=\"0\",class=\"rsa_2048\"}"), -1);
  EXPECT_EQ(value_of(text, "lockstep_crypto_core_engine_nonce_pairs_taken_total{crypto_core=\"0\"}"), 5);
}

TEST(Metrics, TellAboutTicketKeys) {
  FakeWorker a, b;
  View view = view_of(a, b);
  EXPECT_EQ(value_of(metrics_text(view), "lockstep_ticket_keys"), 2);
  EXPECT_EQ(value_of(metrics_text(view), "lockstep_ticket_key_rotations_total"), 12);
  EXPECT_EQ(value_of(metrics_text(view), "lockstep_ticket_sealing_key_since_seconds"), 1'900'000'000);
  EXPECT_EQ(value_of(metrics_text(view), "lockstep_ticket_keys_problem"), 0);
  view.tickets.problem = "the disk is full";
  EXPECT_EQ(value_of(metrics_text(view), "lockstep_ticket_keys_problem"), 1);
}

TEST(Metrics, HistogramsAreCumulative) {
  FakeWorker a, b;
  for (const std::uint64_t ns : {1'000U, 3'000U, 3'000U, 2'000'000'000U}) a.wake_up.record(ns);
  const std::string text = metrics_text(view_of(a, b));
  const std::string name = "lockstep_worker_wake_up_seconds";
  EXPECT_EQ(value_of(text, name + "_bucket{worker=\"0\",le=\"1.023e-06\"}"), 1);
  EXPECT_EQ(value_of(text, name + "_bucket{worker=\"0\",le=\"4.095e-06\"}"), 3);
  EXPECT_EQ(value_of(text, name + "_bucket{worker=\"0\",le=\"1.07374182\"}"), 3);
  EXPECT_EQ(value_of(text, name + "_bucket{worker=\"0\",le=\"+Inf\"}"), 4);
  EXPECT_EQ(value_of(text, name + "_count{worker=\"0\"}"), 4);
  EXPECT_NEAR(value_of(text, name + "_sum{worker=\"0\"}"), 2.000007, 1e-6);
}

TEST(Percentile, IsTheBoundOfItsBucket) {
  Histogram histogram;
  EXPECT_EQ(percentile(histogram, 0.5), 0U);
  for (int i = 0; i < 99; ++i) histogram.record(5);
  histogram.record(1000);
  EXPECT_EQ(percentile(histogram, 0.5), 7U);
  EXPECT_EQ(percentile(histogram, 0.99), 7U);
  EXPECT_EQ(percentile(histogram, 1.0), 1023U);
}

TEST(Status, IsJsonThatBecomesATable) {
  FakeWorker a, b;
  a.proxy.connections_accepted.add(1234567);
  const std::string json = status_json(view_of(a, b));
  const auto document = nlohmann::json::parse(json);
  EXPECT_EQ(document["epoch"], 3);
  EXPECT_EQ(document["workers"].size(), 2U);
  EXPECT_EQ(document["workers"][0]["engines"].size(), crypto::kJobClasses);
  EXPECT_EQ(document["workers"][0]["proxy"]["connections_accepted"], 1234567);
  EXPECT_EQ(document["services"][0]["backends"][0]["connections"], 4);
  const std::string table = status_table(json);
  for (const char* expected : {"1234567", "outside", "tls13_server_flight", "libcrypto", "RSA-2048", "198.18.0.2:443"})
    EXPECT_NE(table.find(expected), std::string::npos) << expected << "\n" << table;
}

TEST(Status, HasASectionForCryptoCores) {
  FakeWorker a, b;
  FakeCryptoCore core;
  core.loop.jobs.add(4711);
  core.first.full.add(20);
  core.second.full.add(3);
  View view = view_of(a, b);
  const std::string without = status_json(view);
  EXPECT_TRUE(nlohmann::json::parse(without)["crypto_cores"].empty());
  EXPECT_EQ(status_table(without).find("crypto core"), std::string::npos);
  view.crypto_cores = {core.view()};
  const std::string json = status_json(view);
  const auto document = nlohmann::json::parse(json)["crypto_cores"][0];
  EXPECT_EQ(document["core"], 3);
  EXPECT_EQ(document["ring_full"], 23);
  EXPECT_EQ(document["workers"][1]["ring_full"], 3);
  EXPECT_EQ(document["engines"].size(), 1U);
  EXPECT_TRUE(document["engines"][0].contains("wait_ns"));
  EXPECT_EQ(document["engine_counters"]["nonce_pairs_taken"], 5);
  const std::string table = status_table(json);
  for (const char* expected : {"found it full", "4711", "23", "engines of crypto cores", "eight at a time"})
    EXPECT_NE(table.find(expected), std::string::npos) << expected << "\n" << table;
}

TEST(Status, OfAnotherProgramIsNoTable) {
  EXPECT_EQ(status_table("{}"), "");
  EXPECT_EQ(status_table("not json"), "");
}

TEST(Tickets, AreJsonThatBecomesATable) {
  FakeWorker a, b;
  View view = view_of(a, b);
  view.tickets.problem = "the disk is full";
  const std::string json = tickets_json(view.tickets);
  const auto document = nlohmann::json::parse(json);
  EXPECT_EQ(document["source"], "random");
  EXPECT_EQ(document["rotations"], 12);
  EXPECT_EQ(document["keys"][0]["use"], "next");
  EXPECT_TRUE(document["keys"][0]["until"].is_null());
  EXPECT_EQ(document["keys"][1]["name"], "08090a0b0c0d0e0f");
  EXPECT_EQ(document["keys"][1]["since"].get<std::string>().substr(0, 19), "2030-03-17T17:46:40");
  const std::string table = tickets_table(json);
  for (const char* expected : {"source random", "08090a0b0c0d0e0f  sealing", "it is removed", "the disk is full"})
    EXPECT_NE(table.find(expected), std::string::npos) << expected << "\n" << table;
  EXPECT_EQ(tickets_table("{}"), "");
  EXPECT_EQ(tickets_table("no json"), "");
}

class AdminServer : public testing::Test {
 protected:
  std::unique_ptr<Server> open() {
    auto server = Server::open(SocketAddress::parse("127.0.0.1:0"), folder_.file("run/socket"));
    EXPECT_TRUE(server) << server.error();
    return server ? std::move(server.value()) : nullptr;
  }
  Handler handler() {
    Actions actions;
    actions.drop_made_ahead = [this] {
      ++drops_;
      return Dropped{complete_, 2, 1};
    };
    actions.reload_certificates = [this] {
      ++reloads_;
      return Reloaded{true, 7, {"demo: replaced"}, {}};
    };
    actions.rotate_tickets = [this] {
      ++rotations_;
      return rotated_;
    };
    return make_handler([this] { return view_of(a_, b_); }, std::move(actions));
  }
  tests::TemporaryFolder folder_;
  FakeWorker a_, b_;
  std::atomic<int> drops_{0};
  std::atomic<int> rotations_{0};
  Rotated rotated_;
  std::atomic<int> reloads_{0};
  bool complete_ = true;
};

/// The whole answer to a request of one line at the server's TCP address.
std::string ask_http(const Server& server, const std::string& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(server.http()->port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0) {
    const std::string text = request + " HTTP/1.0\r\n\r\n";
    EXPECT_EQ(send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    std::array<char, 65536> buffer;
    for (ssize_t n = 0; (n = recv(fd, buffer.data(), buffer.size(), 0)) > 0;)
      answer.append(buffer.data(), static_cast<std::size_t>(n));
  }
  close(fd);
  return answer;
}

TEST_F(AdminServer, AnswersOnItsUnixSocketForItsOwnerOnly) {
  const auto server = open();
  ASSERT_NE(server, nullptr);
  ASSERT_EQ(server->start(handler()), "");
  struct stat info{};
  ASSERT_EQ(stat(folder_.file("run/socket").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const auto status = get(folder_.file("run/socket"), "/status");
  ASSERT_TRUE(status) << status.error();
  EXPECT_EQ(nlohmann::json::parse(status.value())["epoch"], 3);
  const auto metrics = get(folder_.file("run/socket"), "/metrics");
  ASSERT_TRUE(metrics) << metrics.error();
  EXPECT_NE(metrics.value().find("# TYPE lockstep_snapshot_epoch gauge"), std::string::npos);
  const auto health = get(folder_.file("run/socket"), "/healthz");
  ASSERT_TRUE(health);
  EXPECT_EQ(health.value(), "running\n");
}

TEST_F(AdminServer, AnswersOnItsTcpAddress) {
  const auto server = open();
  ASSERT_NE(server, nullptr);
  ASSERT_EQ(server->start(handler()), "");
  EXPECT_NE(server->http()->port, 0);
  EXPECT_NE(ask_http(*server, "GET /healthz").find("\r\n\r\nrunning\n"), std::string::npos);
}

TEST_F(AdminServer, SaysNotFoundAndNotHealthy) {
  const auto server = open();
  ASSERT_NE(server, nullptr);
  ASSERT_EQ(server->start(make_handler(
                [this] {
                  View view = view_of(a_, b_);
                  view.state = "draining";
                  return view;
                },
                {})),
            "");
  const auto missing = get(folder_.file("run/socket"), "/nothing");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().find("404"), std::string::npos);
  const auto health = get(folder_.file("run/socket"), "/healthz");
  ASSERT_FALSE(health);
  EXPECT_NE(health.error().find("503"), std::string::npos);
}

TEST_F(AdminServer, DropsWhatWasMadeAheadForALocalCaller) {
  const auto server = open();
  ASSERT_NE(server, nullptr);
  ASSERT_EQ(server->start(handler()), "");
  const auto answer = post(folder_.file("run/socket"), "/made-ahead/drop");
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_EQ(answer.value(), "{\"dropped\":true,\"workers\":2,\"crypto_cores\":1}\n");
  EXPECT_EQ(drops_, 1);
}

TEST_F(AdminServer, SaysWhenACoreHasNotDropped) {
  const auto server = open();
  ASSERT_NE(server, nullptr);
  complete_ = false;
  ASSERT_EQ(server->start(handler()), "");
  const auto answer = post(folder_.file("run/socket"), "/made-ahead/drop");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().find("503"), std::string::npos) << answer.error();
  EXPECT_NE(answer.error().find("\"dropped\":false"), std::string::npos) << answer.error();
}

TEST_F(AdminServer, RotatesTicketKeysForALocalCaller) {
  const auto server = open();
  ASSERT_NE(server, nullptr);
  ASSERT_EQ(server->start(handler()), "");
  rotated_.sealing = "0001020304050607";
  const auto answer = post(folder_.file("run/socket"), "/tickets/rotate");
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_EQ(answer.value(), "{\"rotated\":true,\"sealing\":\"0001020304050607\"}\n");
  EXPECT_EQ(rotations_, 1);
}

TEST_F(AdminServer, SaysWhyTicketKeysAreNotRotated) {
  const auto server = open();
  ASSERT_NE(server, nullptr);
  ASSERT_EQ(server->start(handler()), "");
  rotated_ = {Rotated::Outcome::refused, "", "the keys come from files"};
  const auto refused = post(folder_.file("run/socket"), "/tickets/rotate");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("409"), std::string::npos) << refused.error();
  EXPECT_NE(refused.error().find("the keys come from files"), std::string::npos) << refused.error();
  rotated_ = {Rotated::Outcome::waits, "", "handshakes hold it up"};
  const auto waits = post(folder_.file("run/socket"), "/tickets/rotate");
  ASSERT_FALSE(waits);
  EXPECT_NE(waits.error().find("503"), std::string::npos) << waits.error();
}

TEST_F(AdminServer, ShowsCertificates) {
  const auto server = open();
  ASSERT_NE(server, nullptr);
  ASSERT_EQ(server->start(handler()), "");
  const auto answer = get(folder_.file("run/socket"), "/certificates");
  ASSERT_TRUE(answer) << answer.error();
  const auto document = nlohmann::json::parse(answer.value());
  const auto& certificate = document.at("certificates").at(0);
  EXPECT_EQ(certificate.at("issuer"), "CN=authority");
  EXPECT_EQ(certificate.at("ocsp"), "good");
  EXPECT_EQ(certificate.at("services").at(0), "web");
  EXPECT_EQ(document.at("certificate_bytes"), 20480);
}

TEST_F(AdminServer, ReloadsForALocalCaller) {
  const auto server = open();
  ASSERT_NE(server, nullptr);
  ASSERT_EQ(server->start(handler()), "");
  const auto answer = post(folder_.file("run/socket"), "/certificates/reload");
  ASSERT_TRUE(answer) << answer.error();
  const auto document = nlohmann::json::parse(answer.value());
  EXPECT_EQ(document.at("reloaded"), true);
  EXPECT_EQ(document.at("changes").at(0), "demo: replaced");
  EXPECT_EQ(ask_http(*server, "POST /certificates/reload").substr(8, 5), " 403 ");
  EXPECT_EQ(ask_http(*server, "GET /certificates/reload").substr(8, 5), " 405 ");
  EXPECT_EQ(reloads_, 1);
}

TEST_F(AdminServer, ChangesNothingForACallerOverTcp) {
  const auto server = open();
  ASSERT_NE(server, nullptr);
  ASSERT_EQ(server->start(handler()), "");
  const std::string answer = ask_http(*server, "POST /made-ahead/drop");
  EXPECT_EQ(answer.substr(8, 5), " 403 ") << answer;
  EXPECT_NE(answer.find("lockstep made-ahead drop"), std::string::npos) << answer;
  EXPECT_EQ(drops_, 0);
  EXPECT_EQ(ask_http(*server, "POST /tickets/rotate").substr(8, 5), " 403 ");
  EXPECT_EQ(rotations_, 0);
}

TEST_F(AdminServer, ChangesNothingOnAGet) {
  const auto server = open();
  ASSERT_NE(server, nullptr);
  ASSERT_EQ(server->start(handler()), "");
  for (const char* const request :
       {"GET /made-ahead/drop", "HEAD /made-ahead/drop", "PUT /made-ahead/drop", "GET /tickets/rotate"}) {
    const std::string answer = ask_http(*server, request);
    EXPECT_EQ(answer.substr(8, 5), " 405 ") << answer;
    EXPECT_NE(answer.find("\r\nAllow: POST\r\n"), std::string::npos) << answer;
  }
  EXPECT_FALSE(get(folder_.file("run/socket"), "/made-ahead/drop"));
  EXPECT_EQ(drops_ + rotations_, 0);
}

TEST_F(AdminServer, ShowsByGetAndHeadOnly) {
  const auto server = open();
  ASSERT_NE(server, nullptr);
  ASSERT_EQ(server->start(handler()), "");
  for (const char* const path : {"/status", "/tickets", "/metrics", "/healthz"}) {
    EXPECT_EQ(ask_http(*server, std::string("HEAD ") + path).substr(8, 5), " 200 ") << path;
    const std::string answer = ask_http(*server, std::string("POST ") + path);
    EXPECT_EQ(answer.substr(8, 5), " 405 ") << answer;
    EXPECT_NE(answer.find("\r\nAllow: GET, HEAD\r\n"), std::string::npos) << answer;
  }
}

TEST_F(AdminServer, ReplacesADeadSocketButNotALivingOne) {
  const std::string path = folder_.file("run/socket");
  auto first = open();
  ASSERT_NE(first, nullptr);
  const auto second = Server::open(std::nullopt, path);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("another lockstep"), std::string::npos);
  first.reset();
  EXPECT_FALSE(std::filesystem::exists(path)) << "the socket goes with its server";
  tests::write(path, "a file of somebody else");
  EXPECT_FALSE(Server::open(std::nullopt, path));
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(Client, SaysThatNothingRuns) {
  const auto answer = get("/nonexistent/socket", "/status");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().find("lockstep run"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::api
