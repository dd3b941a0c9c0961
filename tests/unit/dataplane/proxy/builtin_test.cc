// The services of RFC 862 to 867.
#include <gtest/gtest.h>

#include "tests/unit/dataplane/proxy/exchange_bench.h"

namespace lockstep::proxy {
namespace {

std::string rotating(std::size_t size) {
  std::string text;
  for (unsigned line = 0; text.size() < size; ++line) {
    for (unsigned column = 0; column < 72; ++column) text += static_cast<char>(' ' + (line + column) % 95);
    text += "\r\n";
  }
  return text.substr(0, size);
}

TEST(Echo, SendsBackWhatItReceives) {
  ExchangeBench bench{Echo{}};
  EXPECT_EQ(bench.receive("hello "), AppStatus::waiting);
  EXPECT_EQ(bench.receive("world"), AppStatus::waiting);
  EXPECT_EQ(bench.sent, "hello world");
}

TEST(Echo, EndsWhenTheClientDoes) {
  ExchangeBench bench{Echo{}};
  bench.receive("last words");
  EXPECT_EQ(bench.end_input(), AppStatus::finished);
  EXPECT_EQ(bench.sent, "last words");
}

TEST(Echo, LeavesInputAloneWhileItsOutputIsFull) {
  ExchangeBench bench{Echo{}};
  bench.limit = 100;
  bench.hold_output = true;
  EXPECT_EQ(bench.receive(std::string(250, 'x')), AppStatus::waiting);
  EXPECT_EQ(bench.output.size(), 100U);
  EXPECT_EQ(bench.input.size(), 150U);
  EXPECT_EQ(bench.end_input(), AppStatus::waiting) << "150 bytes are still to be sent back";
}

TEST(Echo, WaitsForABufferWhenReferencesHaveRunOut) {
  ExchangeBench bench{Echo{}};
  std::vector<MbufPtr> taken;
  while (MbufPtr one = MbufPtr(rte_pktmbuf_alloc(bench.pools->clones()))) taken.push_back(std::move(one));
  bench.limit = 100;
  EXPECT_EQ(bench.receive(std::string(250, 'x')), AppStatus::starved);
  taken.clear();
  EXPECT_EQ(bench.run(), AppStatus::waiting);
  EXPECT_EQ(bench.sent, std::string(250, 'x'));
}

TEST(Discard, SaysNothing) {
  ExchangeBench bench{Discard{}};
  EXPECT_EQ(bench.receive("anything"), AppStatus::waiting);
  EXPECT_EQ(bench.sent, "");
  EXPECT_TRUE(bench.input.empty());
}

TEST(Discard, EndsWhenTheClientDoes) {
  ExchangeBench bench{Discard{}};
  EXPECT_EQ(bench.end_input(), AppStatus::finished);
}

TEST(Chargen, SendsTheRotatingPatternOfRfc864) {
  ExchangeBench bench{Chargen{.limit = 20000}};
  EXPECT_EQ(bench.run(), AppStatus::finished);
  EXPECT_EQ(bench.sent, rotating(20000));
}

TEST(Chargen, IsEndlessUntilTheClientEnds) {
  ExchangeBench bench{Chargen{}};
  bench.hold_output = true;
  EXPECT_EQ(bench.run(), AppStatus::waiting);
  EXPECT_EQ(bench.output.size(), bench.limit);
  EXPECT_EQ(bench.end_input(), AppStatus::finished);
}

TEST(Chargen, GoesOnWhereItStopped) {
  ExchangeBench bench{Chargen{.limit = 50000}};
  bench.limit = 777;
  AppStatus status = AppStatus::waiting;
  while (status == AppStatus::waiting) status = bench.run();
  EXPECT_EQ(status, AppStatus::finished);
  EXPECT_EQ(bench.sent, rotating(50000));
  EXPECT_LE(bench.largest_output, 777U);
}

TEST(Chargen, SendsItsFixedNumberOfBytesAfterTheClientHasEnded) {
  ExchangeBench bench{Chargen{.limit = 5000}};
  EXPECT_EQ(bench.end_input(), AppStatus::finished);
  EXPECT_EQ(bench.sent.size(), 5000U);
}

TEST(Chargen, CostsReferencesAndNoBuffers) {
  ExchangeBench bench{Chargen{}};
  const unsigned packets = rte_mempool_in_use_count(bench.pools->packets());
  const unsigned records = rte_mempool_in_use_count(bench.pools->records());
  bench.hold_output = true;
  bench.run();
  EXPECT_EQ(rte_mempool_in_use_count(bench.pools->packets()), packets);
  EXPECT_EQ(rte_mempool_in_use_count(bench.pools->records()), records);
  EXPECT_GT(rte_mempool_in_use_count(bench.pools->clones()), 0U);
}

TEST(Pattern, GivesFewReferencesPerBuffer) {
  TestPools pools({.packets = 64, .records = 16, .clones = 16384});
  Patterns patterns(*pools);
  Chain out;
  std::uint32_t references = 0;
  while (patterns.letters.append(0, 1, *pools, out) != 0) ++references;
  // Each may be cut in a dozen segments by TCP, and a buffer counts to 65535.
  EXPECT_EQ(references, 4U * 2047U);
}

TEST(Daytime, SendsOneLineAndEnds) {
  ExchangeBench bench{Daytime{}};
  EXPECT_EQ(bench.run(), AppStatus::finished);
  EXPECT_EQ(bench.sent, "Sunday, November 6, 1994 08:49:37-UTC\r\n");
}

Application application_of(Builtin builtin) {
  ServiceConfig config;
  config.builtin = builtin;
  config.chargen_bytes = 7;
  return make_application(config);
}

TEST(Builtins, AreChosenByTheConfiguration) {
  EXPECT_TRUE(std::holds_alternative<Echo>(application_of(Builtin::echo)));
  EXPECT_TRUE(std::holds_alternative<Discard>(application_of(Builtin::discard)));
  EXPECT_TRUE(std::holds_alternative<Daytime>(application_of(Builtin::daytime)));
  EXPECT_TRUE(std::holds_alternative<Http>(application_of(Builtin::http)));
  const Application chargen = application_of(Builtin::chargen);
  ASSERT_TRUE(std::holds_alternative<Chargen>(chargen));
  EXPECT_EQ(std::get<Chargen>(chargen).limit, 7U);
}

TEST(Builtins, EndAtOnceInADrainWhenNothingIsUnderWay) {
  for (const Application& application :
       {Application(Echo{}), Application(Discard{}), Application(Chargen{}), Application(Http{})}) {
    ExchangeBench bench{application};
    bench.drain = Drain::when_idle;
    EXPECT_EQ(bench.run(), AppStatus::finished) << application.index();
  }
}

}  // namespace
}  // namespace lockstep::proxy
