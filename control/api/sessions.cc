#include "control/api/sessions.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "control/api/table.h"

namespace lockstep::api {
namespace {

using Json = nlohmann::ordered_json;

Json worker_json(const WorkerView& worker) {
  const tls::Counters& tls = *worker.tls;
  // Read first: a handshake that completes meanwhile must not be counted as resumed only.
  const std::uint64_t resumed = tls.handshakes_resumed.value();
  const std::uint64_t completed = tls.handshakes_tls13.value() + tls.handshakes_tls12.value();
  return {
      {"index", worker.index},
      {"handshakes", {{"full", completed - resumed}, {"resumed", resumed}, {"failed", tls.handshakes_failed.value()}}},
      {"remembered", {{"sessions", tls.sessions_remembered.value()}, {"capacity", worker.session_capacity}}},
      {"tickets",
       {{"issued", tls.tickets_issued.value()},
        {"refused",
         {{"unknown_key", tls.tickets_unknown.value()},
          {"damaged", tls.tickets_damaged.value()},
          {"expired", tls.tickets_expired.value()},
          {"mismatched", tls.tickets_mismatched.value()}}}}},
      {"early_data",
       {{"accepted", tls.early_data_accepted.value()},
        {"refused",
         {{"not_allowed", tls.early_data_not_allowed.value()},
          {"mismatched", tls.early_data_mismatched.value()},
          {"retried", tls.early_data_retried.value()},
          {"foreign", tls.early_data_foreign.value()},
          {"stale", tls.early_data_stale.value()},
          {"replayed", tls.early_data_replayed.value()},
          {"window_full", tls.early_data_window_full.value()},
          {"unavailable", tls.early_data_unavailable.value()}}}}}};
}

std::string share_text(const Json& handshakes) {
  const auto resumed = handshakes.at("resumed").get<double>();
  const double all = resumed + handshakes.at("full").get<double>();
  return all > 0 ? cell(Json(100 * resumed / all)) + " %" : "-";
}

std::string workers_text(const Json& workers) {
  Table table;
  table.row({"worker", "full", "resumed", "share", "failed", "remembered", "of", "tickets issued"});
  for (const Json& w : workers) {
    const Json& handshakes = w.at("handshakes");
    table.row({cell(w.at("index")), cell(handshakes.at("full")), cell(handshakes.at("resumed")), share_text(handshakes),
               cell(handshakes.at("failed")), cell(w.at("remembered").at("sessions")),
               cell(w.at("remembered").at("capacity")), cell(w.at("tickets").at("issued"))});
  }
  return "handshakes, TLS 1.2 sessions remembered, tickets\n" + table.text();
}

/// Why `what` was refused, a column for each reason.
std::string refusals_text(const char* title, const char* what, const Json& workers) {
  Table table;
  std::vector<std::string> heading = {"worker"};
  for (const auto& [reason, count] : workers.at(0).at(what).at("refused").items()) heading.push_back(reason);
  table.row(heading);
  for (const Json& w : workers) {
    std::vector<std::string> row = {cell(w.at("index"))};
    for (const Json& count : w.at(what).at("refused")) row.push_back(cell(count));
    table.row(row);
  }
  return std::string("\n") + title + "\n" + table.text();
}

std::string accepted_text(const Json& workers) {
  std::uint64_t accepted = 0;
  for (const Json& w : workers) accepted += w.at("early_data").at("accepted").get<std::uint64_t>();
  return "\nearly data accepted: " + std::to_string(accepted) + "\n";
}

}  // namespace

std::string sessions_json(const View& view) {
  Json document = {{"workers", Json::array()}};
  for (const WorkerView& worker : view.workers) document["workers"].push_back(worker_json(worker));
  return document.dump(2) + "\n";
}

std::string sessions_table(const std::string& json) {
  try {
    const Json document = Json::parse(json);
    const Json& workers = document.at("workers");
    return workers_text(workers) + refusals_text("tickets refused", "tickets", workers) + accepted_text(workers) +
           refusals_text("early data refused", "early_data", workers);
  } catch (const Json::exception&) {
    return {};
  }
}

}  // namespace lockstep::api
