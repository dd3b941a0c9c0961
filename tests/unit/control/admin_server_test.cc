#include "control/api/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "control/api/client.h"
#include "tests/unit/control/api_views.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::api {
namespace {

using test::FakeWorker;
using test::view_of;

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
  for (const char* const path : {"/status", "/sessions", "/tickets", "/certificates", "/metrics", "/healthz"}) {
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
