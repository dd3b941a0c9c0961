#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "control/api/metrics.h"
#include "control/api/sessions.h"
#include "control/api/status.h"
#include "control/api/tickets.h"
#include "tests/unit/control/api_views.h"

namespace lockstep::api {
namespace {

using test::FakeCryptoCore;
using test::FakeWorker;
using test::view_of;

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

TEST(Sessions, ShowHowOftenClientsResumeAndWhyTheyCouldNot) {
  FakeWorker a, b;
  a.tls.handshakes_tls13.set(30);
  a.tls.handshakes_tls12.set(10);
  a.tls.handshakes_resumed.set(10);
  a.tls.sessions_remembered.set(6);
  a.tls.tickets_expired.set(77);
  b.tls.early_data_accepted.set(5);
  b.tls.early_data_replayed.set(88);
  View view = view_of(a, b);
  view.workers[0].session_capacity = 20'000;
  const std::string json = sessions_json(view);
  const auto worker = nlohmann::json::parse(json)["workers"][0];
  EXPECT_EQ(worker["handshakes"]["full"], 30);
  EXPECT_EQ(worker["handshakes"]["resumed"], 10);
  EXPECT_EQ(worker["remembered"]["sessions"], 6);
  EXPECT_EQ(worker["tickets"]["refused"]["expired"], 77);
  const std::string table = sessions_table(json);
  for (const char* expected : {"25.0 %", "20000", "unknown_key", "77", "early data accepted: 5", "window_full", "88"})
    EXPECT_NE(table.find(expected), std::string::npos) << expected << "\n" << table;
  EXPECT_EQ(sessions_table("{}"), "");
  EXPECT_EQ(sessions_table("no json"), "");
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

}  // namespace
}  // namespace lockstep::api
