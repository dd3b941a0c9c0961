#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "control/log/events.h"
#include "control/log/line.h"
#include "control/log/log.h"
#include "control/log/rate_limit.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::log {
namespace {

constexpr std::int64_t kTime = 1'700'000'000'123'456'789;

TEST(LogLine, LooksLikeThis) {
  EXPECT_EQ(
      text_line(kTime, Level::info, "started",
                {{"workers", 2U}, {"ratio", 0.5}, {"ok", true}, {"name", "a b"}, {"delta", -3}}),
      "time=2023-11-14T22:13:20.123Z level=info event=started workers=2 ratio=0.500 ok=true name=\"a b\" delta=-3");
  EXPECT_EQ(json_line(kTime, Level::warning, "x", {{"n", 1U}, {"s", "v"}}),
            R"({"time":"2023-11-14T22:13:20.123Z","level":"warning","event":"x","n":1,"s":"v"})");
}

TEST(LogLine, ValueCanNeitherEndTheLineNorLookLikeAField) {
  const std::string hostile = std::string("a\nlevel=error\x1b[2J\" x=\\\"\r\x80\xff") + '\0';
  const std::string line = text_line(kTime, Level::info, "access", {{"sni", hostile}, {"end", true}});
  for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << static_cast<int>(c);
  EXPECT_NE(line.find("sni=\"a\\x0alevel=error\\x1b[2J\\\" x=\\\\\\\"\\x0d\\x80\\xff\\x00\" end=true"),
            std::string::npos)
      << line;
}

TEST(LogLine, JsonStaysParsableWithAnyBytes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string line = json_line(kTime, Level::info, "access", {{"sni", all}});
  for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << static_cast<int>(c);
  const auto parsed = nlohmann::json::parse(line);
  EXPECT_EQ(parsed["sni"].get<std::string>().substr(0, 128), all.substr(0, 128));
}

TEST(LogLine, QuotesWhatIsEmptyOrNotPlain) {
  EXPECT_EQ(escape(""), "\"\"");
  EXPECT_EQ(escape("demo.test:443"), "demo.test:443");
  EXPECT_EQ(escape("a=b"), "\"a=b\"");
}

TEST(RateLimit, TellsHowManyWereSuppressed) {
  RateLimit limit(2);
  const std::int64_t second = 1'000'000'000;
  EXPECT_EQ(limit.admit("a", 0), 0U);
  EXPECT_EQ(limit.admit("a", 1), 0U);
  EXPECT_EQ(limit.admit("a", 2), std::nullopt);
  EXPECT_EQ(limit.admit("a", 3), std::nullopt);
  EXPECT_EQ(limit.admit("b", 3), 0U) << "events do not share a limit";
  EXPECT_EQ(limit.admit("a", second), 2U);
  EXPECT_EQ(limit.admit("a", second + 1), 0U);
}

TEST(RateLimit, TellsTheRestWhenNoFurtherLineComes) {
  RateLimit limit(1);
  limit.admit("a", 0);
  limit.admit("a", 1);
  std::vector<std::string> told;
  const auto tell = [&](const std::string& event, std::uint64_t count) {
    told.push_back(event + std::to_string(count));
  };
  limit.flush(2, tell);
  EXPECT_TRUE(told.empty()) << "the second is not over";
  limit.flush(1'000'000'000, tell);
  limit.flush(2'000'000'000, tell);
  EXPECT_EQ(told, std::vector<std::string>{"a1"});
}

TEST(Log, WritesFromItsLevelOnAndSuppresses) {
  const tests::TemporaryFolder folder;
  const std::string path = folder.file("log");
  {
    Log log(Level::warning, Format::text, 1);
    EXPECT_EQ(log.open(path), "");
    log.info("quiet");
    log.write_at(5, Level::error, "loud", {{"n", 1U}});
    log.write_at(6, Level::error, "loud", {{"n", 2U}});
    log.write_at(1'000'000'007, Level::error, "loud", {{"n", 3U}, {"text", "%s {}"}});
  }
  EXPECT_EQ(tests::read(path),
            "time=1970-01-01T00:00:00.000Z level=error event=loud n=1\n"
            "time=1970-01-01T00:00:01.000Z level=error event=loud n=3 text=\"%s {}\" suppressed=1\n");
}

TEST(Log, StaysWhereItWasWhenAFileCannotBeOpened) {
  Log log(Level::error, Format::text, 1);
  EXPECT_NE(log.open("/proc/no-file/log"), "");
}

template <std::size_t N>
void put(std::array<char, N>& array, std::string_view text) {
  std::memcpy(array.data(), text.data(), std::min(N, text.size()));
}

TEST(AccessLine, HasAllOfAConnection) {
  proxy::AccessEvent event;
  put(event.service, "web");
  put(event.server_name, "demo.test");
  put(event.alpn, "http/1.1");
  put(event.backend, "a");
  put(event.reason, "finished");
  event.client.remote = *SocketAddress::parse("198.18.0.9:50000");
  event.client.local = *SocketAddress::parse("198.18.0.2:443");
  event.backend_address = *SocketAddress::parse("[fd00::1]:80");
  event.established = true;
  event.version = 0x0304;
  event.cipher_suite = 0x1301;
  event.group = 0x001d;
  event.signature_scheme = 0x0403;
  event.client_close = tcp::CloseReason::finished;
  event.backend_close = tcp::CloseReason::peer_reset;
  event.bytes_received = 100;
  event.bytes_sent = 2000;
  event.backend_handshake = proxy::BackendHandshake::resumed;
  event.handshake = microseconds(1500);
  event.duration = milliseconds(20);
  Event carried = Event::make(proxy::kAccessEvent, Instant{}, event);
  carried.worker = 1;
  const auto line = event_line(carried);
  ASSERT_TRUE(line);
  EXPECT_EQ(
      text_line(kTime, line->level, line->event, line->fields).substr(41),
      "event=access service=web mode=tls client=198.18.0.9:50000 local=198.18.0.2:443 sni=demo.test version=TLSv1.3 "
      "suite=TLS_AES_128_GCM_SHA256 group=x25519 signature=ecdsa_secp256r1_sha256 alpn=http/1.1 resumed=false "
      "handshake_ms=1.500 backend=a backend_address=[fd00::1]:80 backend_tls=resumed backend_close=" +
          escape(tcp::name(tcp::CloseReason::peer_reset)) + " received=100 sent=2000 duration_ms=20.000 client_close=" +
          escape(tcp::name(tcp::CloseReason::finished)) + " reason=finished worker=1");
}

TEST(AccessLine, TellsWhoTheClientIsAndNothingThatLooksLikeAField) {
  proxy::AccessEvent event;
  event.client_certificate = true;
  event.client_verdict = crypto::ChainVerdict::revoked;
  event.client_fingerprint.fill(0xa5);
  put(event.client_subject, "CN=x\n client_verdict=valid");
  const std::string line = text_line(kTime, Level::info, "access", access_fields(event));
  EXPECT_NE(line.find(" client_verdict=revoked "), std::string::npos) << line;
  EXPECT_NE(line.find(" client_fingerprint=a5a5a5a5"), std::string::npos) << line;
  EXPECT_NE(line.find(" client_subject=\"CN=x"), std::string::npos) << line;
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(AccessLine, SurvivesNamesWithoutTerminator) {
  proxy::AccessEvent event;
  event.server_name.fill('\n');
  const Fields fields = access_fields(event);
  const std::string line = text_line(kTime, Level::info, "access", fields);
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(BackendLine, TellsEjectionAndReturn) {
  proxy::BackendEvent event;
  put(event.service, "web");
  put(event.backend, "a");
  event.ejected = true;
  const auto ejected = event_line(Event::make(proxy::kBackendEvent, Instant{}, event));
  ASSERT_TRUE(ejected);
  EXPECT_STREQ(ejected->event, "backend_ejected");
  EXPECT_EQ(ejected->level, Level::warning);
  event.ejected = false;
  EXPECT_STREQ(event_line(Event::make(proxy::kBackendEvent, Instant{}, event))->event, "backend_returned");
}

}  // namespace
}  // namespace lockstep::log
