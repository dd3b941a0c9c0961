#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "control/api/status.h"
#include "control/api/table.h"

namespace lockstep::api {
namespace {

using Json = nlohmann::ordered_json;

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(seconds);
  std::array<char, 64> text{};
  if (whole >= 86400)
    std::snprintf(text.data(), text.size(), "%ld d %ld h", whole / 86400, whole / 3600 % 24);
  else if (whole >= 3600)
    std::snprintf(text.data(), text.size(), "%ld h %ld min", whole / 3600, whole / 60 % 60);
  else
    std::snprintf(text.data(), text.size(), "%ld min %ld s", whole / 60, whole % 60);
  return text.data();
}

/// Nanoseconds with the unit that fits.
std::string nanoseconds_text(std::uint64_t ns) {
  std::array<char, 32> text{};
  const auto value = static_cast<double>(ns);
  if (ns < 1'000)
    std::snprintf(text.data(), text.size(), "%.0f ns", value);
  else if (ns < 1'000'000)
    std::snprintf(text.data(), text.size(), "%.1f us", value / 1e3);
  else
    std::snprintf(text.data(), text.size(), "%.1f ms", value / 1e6);
  return text.data();
}

std::string busy_text(const Json& loop) {
  const auto busy = loop.at("busy_nanoseconds").get<double>();
  const auto idle = loop.at("idle_nanoseconds").get<double>();
  return cell(Json(busy + idle > 0 ? 100 * busy / (busy + idle) : 0.0)) + " %";
}

std::string workers_text(const Json& workers) {
  Table table;
  table.row({"worker", "core", "connections", "accepted", "handshakes", "failed", "in", "out", "busy", "epoch"});
  for (const Json& w : workers) {
    const std::uint64_t handshakes = w.at("tls").at("handshakes_tls13").get<std::uint64_t>() +
                                     w.at("tls").at("handshakes_tls12").get<std::uint64_t>();
    table.row({cell(w.at("index")), cell(w.at("core")), cell(w.at("proxy").at("connections")),
               cell(w.at("proxy").at("connections_accepted")), std::to_string(handshakes),
               cell(w.at("tls").at("handshakes_failed")), cell(w.at("proxy").at("bytes_from_clients")),
               cell(w.at("proxy").at("bytes_to_clients")), busy_text(w.at("loop")), cell(w.at("oldest_epoch"))});
  }
  return "workers\n" + table.text();
}

std::string ports_text(const Json& ports) {
  Table table;
  table.row({"port", "device", "driver", "addresses", "mac", "mtu", "link", "received", "sent", "lost"});
  for (const Json& p : ports)
    table.row({cell(p.at("name")), cell(p.at("device")), cell(p.at("driver")), cell(p.at("addresses")),
               cell(p.at("mac")), cell(p.at("mtu")), p.at("link_up").get<bool>() ? "up" : "down",
               cell(p.at("received")), cell(p.at("transmitted")),
               std::to_string(p.at("missed").get<std::uint64_t>() + p.at("errors").get<std::uint64_t>() +
                              p.at("no_buffer").get<std::uint64_t>() + p.at("steering_full").get<std::uint64_t>())});
  return "ports\n" + table.text();
}

std::string services_text(const Json& services) {
  Table table;
  table.row({"service", "mode", "listen", "to", "address", "connections", "total", "failures", "state"});
  for (const Json& s : services) {
    if (s.at("backends").empty())
      table.row({cell(s.at("name")), cell(s.at("mode")), cell(s.at("listen")), cell(s.at("builtin"))});
    for (const Json& b : s.at("backends"))
      table.row({cell(s.at("name")), cell(s.at("mode")), cell(s.at("listen")), cell(b.at("name")),
                 cell(b.at("address")), cell(b.at("connections")), cell(b.at("total")), cell(b.at("failures")),
                 b.at("ejected_by").get<std::uint32_t>() == 0 ? "ok" : "ejected by " + cell(b.at("ejected_by"))});
  }
  return "services\n" + table.text();
}

std::string crypto_cores_text(const Json& cores) {
  if (cores.empty()) return {};
  Table table;
  table.row({"crypto core", "core", "jobs", "found it full", "busy", "sleeps"});
  for (const Json& c : cores)
    table.row({cell(c.at("index")), cell(c.at("core")), cell(c.at("loop").at("jobs")), cell(c.at("ring_full")),
               busy_text(c.at("loop")), cell(c.at("loop").at("sleeps"))});
  return "crypto cores\n" + table.text() + "\n";
}

/// Engines are the same on all workers, and on all crypto cores; their numbers are summed, percentiles are the worst.
std::string engines_text(const char* heading, const Json& workers) {
  Table table;
  table.row({"job", "engine", "lanes", "jobs", "ahead", "scalar", "failed", "fill mean", "fill p99", "wait p50",
             "wait p99", "why"});
  if (workers.empty()) return {};
  const Json& first = workers.front().at("engines");
  for (std::size_t index = 0; index < first.size(); ++index) {
    std::uint64_t jobs = 0, ahead = 0, scalar = 0, failed = 0, fill = 0, p50 = 0, p99 = 0;
    double calls = 0;
    for (const Json& w : workers) {
      const Json& e = w.at("engines").at(index);
      jobs += e.at("jobs").get<std::uint64_t>();
      ahead += e.at("made_ahead").get<std::uint64_t>();
      scalar += e.at("scalar").get<std::uint64_t>();
      failed += e.at("failed").get<std::uint64_t>();
      calls += e.at("fill").at("count").get<double>();
      fill = std::max(fill, e.at("fill").at("p99").get<std::uint64_t>());
      p50 = std::max(p50, e.at("wait_ns").at("p50").get<std::uint64_t>());
      p99 = std::max(p99, e.at("wait_ns").at("p99").get<std::uint64_t>());
    }
    const Json& e = first.at(index);
    table.row({cell(e.at("class")), cell(e.at("engine")), cell(e.at("lanes")), std::to_string(jobs),
               std::to_string(ahead), std::to_string(scalar), std::to_string(failed),
               cell(Json(calls > 0 ? static_cast<double>(jobs) / calls : 0.0)), std::to_string(fill),
               nanoseconds_text(p50), nanoseconds_text(p99), cell(e.at("why"))});
  }
  return std::string(heading) + "\n" + table.text() + "\n";
}

/// What engines count besides jobs, summed over the workers.
std::string counters_text(const Json& workers) {
  if (workers.empty()) return {};
  Table table;
  table.row({"engines' counters", ""});
  for (const auto& [name, ignored] : workers.front().at("engine_counters").items()) {
    std::uint64_t sum = 0;
    for (const Json& w : workers) sum += w.at("engine_counters").value(name, std::uint64_t{0});
    table.row({name, std::to_string(sum)});
  }
  return table.text();
}

/// Those that expire first, as far as they fit a screen.
std::string certificates_text(const Json& document) {
  constexpr std::size_t kMost = 20;
  const Json& certificates = document.at("certificates");
  std::vector<const Json*> shown;
  for (const Json& c : certificates) shown.push_back(&c);
  const auto earlier = [](const Json* a, const Json* b) { return a->at("not_after") < b->at("not_after"); };
  if (shown.size() > kMost) {
    std::partial_sort(shown.begin(), shown.begin() + kMost, shown.end(), earlier);
    shown.resize(kMost);
  }
  Table table;
  table.row({"certificate", "key", "valid until", "OCSP", "names"});
  for (const Json* const c : shown)
    table.row({cell(c->at("name")), cell(c->at("key")), cell(c->at("not_after")), cell(c->at("ocsp")),
               cell(c->at("dns_names"))});
  const auto bytes = document.at("certificate_bytes").get<std::uint64_t>();
  const std::size_t count = certificates.size();
  return "certificates\n" + table.text() +
         (count > shown.size() ? "  and " + std::to_string(count - shown.size()) + " more: lockstep cert list\n" : "") +
         "  memory: " + std::to_string(bytes / 1024) + " KiB, " + std::to_string(count == 0 ? 0 : bytes / count) +
         " bytes for each\n";
}

}  // namespace

std::string status_table(const std::string& json) {
  try {
    const Json d = Json::parse(json);
    std::string text =
        "lockstep " + cell(d.at("version")) + ", " + cell(d.at("state")) + " for " +
        duration_text(d.at("uptime_seconds").get<double>()) + ", pid " + cell(d.at("pid")) + ", configuration " +
        cell(d.at("epoch")) +
        (d.at("old_snapshots").get<int>() == 0 ? "" : " (" + cell(d.at("old_snapshots")) + " earlier in use)") + "\n" +
        cell(d.at("memory")) + "\n\n";
    text += workers_text(d.at("workers")) + "\n" + crypto_cores_text(d.at("crypto_cores")) + ports_text(d.at("ports")) +
            "\n" + services_text(d.at("services")) + "\n" + engines_text("engines", d.at("workers")) +
            counters_text(d.at("workers")) + "\n" + engines_text("engines of crypto cores", d.at("crypto_cores")) +
            certificates_text(d);
    return text;
  } catch (const Json::exception&) {
    return {};
  }
}

}  // namespace lockstep::api
