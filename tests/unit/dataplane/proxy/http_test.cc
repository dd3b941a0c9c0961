// The built-in HTTP service, byte by byte.
#include <gtest/gtest.h>

#include <array>

#include "tests/unit/dataplane/proxy/exchange_bench.h"

namespace lockstep::proxy {
namespace {

struct Response {
  int status = 0;
  std::string head;
  std::string body;
  bool has(std::string_view field) const { return head.find(field) != std::string::npos; }
};

/// Cuts one response off the front of `stream`; `head_only`: it answers HEAD.
Response take_response(std::string& stream, bool head_only = false) {
  Response response;
  const std::size_t end = stream.find("\r\n\r\n");
  if (end == std::string::npos) return response;
  response.head = stream.substr(0, end + 2);
  stream.erase(0, end + 4);
  response.status = std::stoi(response.head.substr(9, 3));
  const std::size_t length = response.head.find("Content-Length: ");
  if (length != std::string::npos && !head_only) {
    const std::size_t size = std::stoul(response.head.substr(length + 16));
    response.body = stream.substr(0, size);
    stream.erase(0, size);
  }
  return response;
}

std::string sha256_hex(std::string_view text) {
  std::array<std::uint8_t, 32> digest{};
  digest_of(Hash::sha256, Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), digest);
  std::string hex;
  for (const std::uint8_t byte : digest) {
    hex += "0123456789abcdef"[byte >> 4U];
    hex += "0123456789abcdef"[byte & 15U];
  }
  return hex;
}

std::string letters(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26);
  return text;
}

/// The one response to `request`, given all at once.
Response ask(const std::string& request, AppStatus* status = nullptr) {
  ExchangeBench bench{Http{}};
  const AppStatus result = bench.receive(request);
  if (status != nullptr) *status = result;
  Response response = take_response(bench.sent, request.substr(0, 4) == "HEAD");
  EXPECT_EQ(bench.sent, "") << "more than one response";
  return response;
}

TEST(Http, AnswersAPageAtTheRoot) {
  AppStatus status{};
  const Response response = ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n", &status);
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.has("Content-Type: text/html"));
  EXPECT_TRUE(response.has("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
  EXPECT_NE(response.body.find("</html>"), std::string::npos);
  EXPECT_NE(status, AppStatus::finished) << "HTTP/1.1 keeps the connection";
}

TEST(Http, AnswersAnyNumberOfBytesOfItsPattern) {
  for (const std::size_t size : {0U, 1U, 26U, 16639U, 16640U, 16641U, 200000U}) {
    const Response response = ask("GET /bytes/" + std::to_string(size) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, letters(size)) << size;
  }
}

TEST(Http, AnswersHeadWithTheLengthAndNoBody) {
  ExchangeBench bench{Http{}};
  bench.receive("HEAD /bytes/1000 HTTP/1.1\r\nHost: x\r\n\r\n");
  const Response response = take_response(bench.sent, true);
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.has("Content-Length: 1000\r\n"));
  EXPECT_EQ(bench.sent, "");
}

TEST(Http, AnswersLengthAndHashOfABody) {
  const std::string body = letters(100000);
  const Response response = ask("POST /anything HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + body);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{\"length\":100000,\"sha256\":\"" + sha256_hex(body) + "\"}\n");
}

TEST(Http, AnswersAnEmptyPost) {
  const Response response = ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(response.body, "{\"length\":0,\"sha256\":\"" + sha256_hex("") + "\"}\n");
}

TEST(Http, UnderstandsChunkedBodies) {
  const Response response =
      ask("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
          "5\r\nhello\r\n1;name=value\r\n \r\n0005\r\nworld\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_EQ(response.body, "{\"length\":11,\"sha256\":\"" + sha256_hex("hello world") + "\"}\n");
}

TEST(Http, GivesTheSameAnswersForAnyChunkingOfTheInput) {
  const std::string requests =
      "\r\nGET /bytes/30 HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nwxyz"
      "GET /missing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  ExchangeBench whole{Http{}};
  EXPECT_EQ(whole.receive(requests), AppStatus::finished);
  for (std::size_t size = 1; size < 40; ++size) {
    ExchangeBench bench{Http{}};
    AppStatus status = AppStatus::waiting;
    for (std::size_t at = 0; at < requests.size(); at += size) status = bench.receive(requests.substr(at, size));
    EXPECT_EQ(status, AppStatus::finished);
    ASSERT_EQ(bench.sent, whole.sent) << "chunks of " << size;
  }
}

TEST(Http, AnswersPipelinedRequestsInOrder) {
  ExchangeBench bench{Http{}};
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += "GET /bytes/" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  bench.receive(requests);
  for (std::size_t i = 0; i < 200; ++i) ASSERT_EQ(take_response(bench.sent).body.size(), i);
  EXPECT_EQ(bench.sent, "");
}

TEST(Http, StopsAnsweringWhileItsOutputIsFull) {
  ExchangeBench bench{Http{}};
  bench.limit = 10000;
  bench.hold_output = true;
  std::string requests;
  for (int i = 0; i < 20; ++i) requests += "GET /bytes/1500 HTTP/1.1\r\nHost: x\r\n\r\n";
  bench.receive(requests);
  EXPECT_LE(bench.output.size(), 10000U);
  EXPECT_FALSE(bench.input.empty());
  bench.hold_output = false;
  bench.run();
  for (int i = 0; i < 20; ++i) ASSERT_EQ(take_response(bench.sent).body.size(), 1500U);
}

TEST(Http, ClosesWhenTheClientAsks) {
  AppStatus status{};
  const Response response = ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n", &status);
  EXPECT_TRUE(response.has("Connection: close\r\n"));
  EXPECT_EQ(status, AppStatus::finished);
}

TEST(Http, ClosesAfterHttp10UnlessTheClientWantsToGoOn) {
  AppStatus status{};
  EXPECT_TRUE(ask("GET / HTTP/1.0\r\n\r\n", &status).has("Connection: close\r\n"));
  EXPECT_EQ(status, AppStatus::finished);
  EXPECT_TRUE(ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", &status).has("Connection: keep-alive\r\n"));
  EXPECT_NE(status, AppStatus::finished);
}

TEST(Http, AnswersARequestThoughTheClientHasEnded) {
  ExchangeBench bench{Http{}};
  bench.input_ended = true;
  EXPECT_EQ(bench.receive("GET /bytes/100000 HTTP/1.1\r\nHost: x\r\n\r\n"), AppStatus::finished);
  EXPECT_EQ(take_response(bench.sent).body, letters(100000));
}

TEST(Http, EndsSilentlyWhenARequestIsCutOff) {
  for (const char* const part : {"", "GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc",
                                 "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    ExchangeBench bench{Http{}};
    bench.receive(part);
    EXPECT_EQ(bench.end_input(), AppStatus::finished) << part;
    EXPECT_EQ(bench.sent, "");
  }
}

TEST(Http, TellsAWaitingClientToSendItsBody) {
  ExchangeBench bench{Http{}};
  bench.receive("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(bench.sent, "HTTP/1.1 100 Continue\r\n\r\n");
  bench.sent.clear();
  bench.receive("abc");
  EXPECT_EQ(take_response(bench.sent).status, 200);
}

TEST(Http, NeedNotTellAClientThatSentItsBodyAnyway) {
  const Response response = ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
  EXPECT_EQ(response.status, 200);
}

TEST(Http, RefusesABodyThatWouldBeOfNoUseBeforeItIsSent) {
  AppStatus status{};
  const Response response =
      ask("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", &status);
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(status, AppStatus::finished);
}

TEST(Http, SaysWhichMethodsThereAre) {
  const Response response = ask("DELETE / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(response.status, 405);
  EXPECT_TRUE(response.has("Allow: GET, HEAD, POST\r\n"));
}

TEST(Http, DoesNotKnowOtherPaths) {
  for (const char* const path : {"/x", "/bytes/", "/bytes/x", "/bytes/-1", "/bytes/1x", "/bytes/99999999999999999999"})
    EXPECT_EQ(ask(std::string("GET ") + path + " HTTP/1.1\r\nHost: x\r\n\r\n").status, 404) << path;
}

TEST(Http, IgnoresTheQueryAndUnderstandsAbsoluteForm) {
  EXPECT_EQ(ask("GET /bytes/5?x=/y HTTP/1.1\r\nHost: x\r\n\r\n").body, "abcde");
  EXPECT_EQ(ask("GET http://x:80/bytes/5 HTTP/1.1\r\nHost: x\r\n\r\n").body, "abcde");
  EXPECT_EQ(ask("GET http://x HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
}

struct Refused {
  const char* why;
  const char* request;
  int status;
};

class HttpRefuses : public testing::TestWithParam<Refused> {};

TEST_P(HttpRefuses, WithAStatusAndCloses) {
  AppStatus status{};
  EXPECT_EQ(ask(GetParam().request, &status).status, GetParam().status) << GetParam().why;
  EXPECT_EQ(status, AppStatus::finished) << GetParam().why;
}

INSTANTIATE_TEST_SUITE_P(
    Requests, HttpRefuses,
    testing::Values(
        Refused{"no Host (RFC 9112 section 3.2)", "GET / HTTP/1.1\r\n\r\n", 400},
        Refused{"two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400},
        Refused{"no version", "GET /\r\nHost: x\r\n\r\n", 400},
        Refused{"another version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
        Refused{"two spaces", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"no method", " / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"method is no token", "G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"target is no path", "GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"lines end without CR", "GET / HTTP/1.1\nHost: x\n\n", 400},
        Refused{"CR within a line", "GET / HTTP/1.1\r\nHost: x\ry\r\n\r\n", 400},
        Refused{"no colon", "GET / HTTP/1.1\r\nHost x\r\n\r\n", 400},
        Refused{"space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400},
        Refused{"folded line (RFC 9112 section 5.2)", "GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n", 400},
        Refused{"length is no number", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n", 400},
        Refused{"signed length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n", 400},
        Refused{"two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
        Refused{"length and chunks",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        Refused{"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        Refused{"another coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
        Refused{"too long a body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1099511627777\r\n\r\n", 413},
        Refused{"unknown expectation", "POST / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n", 417},
        Refused{"chunk size is no number", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
                400},
        Refused{"chunk longer than it said",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", 400},
        Refused{"chunk line without CR", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n",
                400}));

TEST(Http, RefusesAHeadBeyondEightKilobytes) {
  const std::string start = "GET / HTTP/1.1\r\nHost: x\r\nX: ";
  const std::string fits = start + std::string(8192 - start.size() - 4, 'x') + "\r\n\r\n";
  EXPECT_EQ(ask(fits).status, 200);
  AppStatus status{};
  EXPECT_EQ(ask(start + std::string(8192 - start.size(), 'x'), &status).status, 431);
  EXPECT_EQ(status, AppStatus::finished);
}

TEST(Http, RefusesEndlessTrailers) {
  ExchangeBench bench{Http{}};
  bench.receive("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
  AppStatus status = AppStatus::waiting;
  for (int i = 0; i < 1000 && status != AppStatus::finished; ++i) status = bench.receive("Trailer: value\r\n");
  EXPECT_EQ(status, AppStatus::finished);
  EXPECT_EQ(take_response(bench.sent).status, 431);
}

TEST(Http, MakesTheAnswerUnderWayItsLastInADrain) {
  ExchangeBench bench{Http{}};
  bench.receive("GET / HT");
  bench.drain = Drain::when_idle;
  EXPECT_NE(bench.run(), AppStatus::finished) << "a request is under way";
  EXPECT_EQ(bench.receive("TP/1.1\r\nHost: x\r\n\r\n"), AppStatus::finished);
  EXPECT_TRUE(take_response(bench.sent).has("Connection: close\r\n"));
}

TEST(Http, AnswersOnceWhenTheConnectionIsNewInADrain) {
  ExchangeBench bench{Http{}};
  bench.drain = Drain::after_answer;
  EXPECT_NE(bench.run(), AppStatus::finished);
  EXPECT_EQ(bench.receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), AppStatus::finished);
  EXPECT_EQ(take_response(bench.sent).status, 200);
}

TEST(Http, LosesNothingWhenBuffersRunOut) {
  ExchangeBench bench{Http{}};
  std::vector<MbufPtr> taken;
  append(bench.input, "GET /bytes/5 HTTP/1.1\r\nHost: x\r\n\r\nGET", *bench.pools);
  while (MbufPtr one = bench.pools->packet()) taken.push_back(std::move(one));
  EXPECT_EQ(bench.run(), AppStatus::starved);
  taken.clear();
  bench.run();
  EXPECT_EQ(take_response(bench.sent).body, "abcde");
}

}  // namespace
}  // namespace lockstep::proxy
