#include "control/api/status.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "control/config/values.h"
#include "control/log/line.h"

namespace lockstep::api {
namespace {

using Json = nlohmann::ordered_json;

template <class Counters>
Json counters_json(const Counters& counters) {
  Json object = Json::object();
  counters.visit([&](CounterType, const char* name, const char*, std::uint64_t value) { object[name] = value; });
  return object;
}

Json histogram_json(const Histogram& histogram) {
  const std::uint64_t count = histogram.count();
  Json buckets = Json::array();
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i)
    if (histogram.bucket(i) != 0) buckets.push_back({{"below", std::uint64_t{1} << i}, {"count", histogram.bucket(i)}});
  return {{"count", count},
          {"mean", count == 0 ? 0.0 : static_cast<double>(histogram.sum()) / static_cast<double>(count)},
          {"p50", percentile(histogram, 0.5)},
          {"p99", percentile(histogram, 0.99)},
          {"buckets", buckets}};
}

Json engines_json(const control::EngineSet& engines, const crypto::Batch& batch) {
  Json classes = Json::array();
  for (const control::EngineLine& line : engines.table) {
    const crypto::ClassStats& stats = batch.stats(line.job_class);
    const crypto::ClassPolicy& policy = batch.policy()[static_cast<std::size_t>(line.job_class)];
    classes.push_back({{"class", crypto::name(line.job_class)},
                       {"engine", line.engine},
                       {"why", line.why},
                       {"lanes", policy.lanes},
                       {"crossover", policy.crossover},
                       {"cost_ns", policy.cost.ns},
                       {"budget_ns", policy.budget.ns},
                       {"jobs", stats.jobs.load(std::memory_order_relaxed)},
                       {"made_ahead", stats.made_ahead.load(std::memory_order_relaxed)},
                       {"scalar", stats.scalar.load(std::memory_order_relaxed)},
                       {"failed", stats.failed.load(std::memory_order_relaxed)},
                       {"fill", histogram_json(stats.fill)},
                       {"wait_ns", histogram_json(stats.wait)}});
  }
  return classes;
}

Json engine_counters_json(const control::EngineSet& engines) {
  Json object = Json::object();
  for (const control::EngineCounter& counter : engines.counters)
    object[counter.name] = counter.value->load(std::memory_order_relaxed);
  return object;
}

Json tls_json(const tls::Counters& counters) {
  Json object = counters_json(counters);
  Json errors = Json::object();
  for (std::size_t error = 1; error < tls::kErrorCount; ++error)
    if (counters.errors[error].value() != 0)
      errors[tls::name(static_cast<tls::Error>(error))] = counters.errors[error].value();
  object["errors"] = errors;
  return object;
}

Json worker_json(const WorkerView& worker) {
  Json object = {{"index", worker.index},
                 {"core", worker.core},
                 {"oldest_epoch", worker.oldest_pinned},
                 {"drained", worker.drained},
                 {"events_lost", worker.events_lost},
                 {"loop", counters_json(*worker.loop)},
                 {"wake_up_ns", histogram_json(*worker.wake_up)},
                 {"net", counters_json(*worker.net)},
                 {"tcp", counters_json(*worker.tcp)},
                 {"tls", tls_json(*worker.tls)},
                 {"proxy", counters_json(*worker.proxy)},
                 {"engines", engines_json(*worker.engines, *worker.batch)},
                 {"engine_counters", engine_counters_json(*worker.engines)}};
  if (worker.done_locally != nullptr) object["crypto_core_jobs_done_locally"] = worker.done_locally->value();
  return object;
}

Json crypto_core_json(const CryptoCoreView& core) {
  Json workers = Json::array();
  std::uint64_t full = 0;
  for (const worker::CryptoChannel* const channel : core.channels) {
    workers.push_back({{"jobs", channel->sent.value()}, {"ring_full", channel->full.value()}});
    full += channel->full.value();
  }
  return {{"index", core.index},
          {"core", core.core},
          {"loop", counters_json(*core.loop)},
          {"ring_full", full},
          {"workers", workers},
          {"engines", engines_json(*core.engines, *core.batch)},
          {"engine_counters", engine_counters_json(*core.engines)}};
}

Json port_json(const PortView& port) {
  return {{"name", port.name},
          {"device", port.device},
          {"driver", port.info.driver},
          {"addresses", port.addresses},
          {"mac", config::format_mac(port.info.mac)},
          {"mtu", port.info.mtu},
          {"queues", port.info.queues},
          {"link_up", port.info.link_up},
          {"link_mbps", port.info.link_mbps},
          {"offloads",
           {{"receive_checksums", port.info.receive_checksums},
            {"transmit_ipv4_checksum", port.info.transmit_ipv4_checksum},
            {"transmit_tcp_checksum", port.info.transmit_tcp_checksum},
            {"multi_segment", port.info.multi_segment},
            {"rss", port.info.hardware_rss}}},
          {"received", port.stats.received},
          {"received_bytes", port.stats.received_bytes},
          {"transmitted", port.stats.transmitted},
          {"transmitted_bytes", port.stats.transmitted_bytes},
          {"missed", port.stats.missed},
          {"errors", port.stats.errors},
          {"no_buffer", port.stats.no_buffer},
          {"steered", port.stats.steered},
          {"steering_full", port.stats.steering_full}};
}

Json service_json(const ServiceView& service) {
  Json backends = Json::array();
  for (const BackendView& backend : service.backends)
    backends.push_back({{"name", backend.name},
                        {"address", backend.address},
                        {"connections", backend.connections},
                        {"total", backend.total},
                        {"failures", backend.failures},
                        {"ejected_by", backend.ejected_by}});
  return {{"name", service.name},
          {"mode", service.mode == proxy::Mode::tls ? "tls" : "tcp"},
          {"builtin", name(service.builtin)},
          {"listen", service.listen},
          {"backends", backends}};
}

Json certificate_json(const CertificateView& certificate) {
  Json object = {{"name", certificate.name},
                 {"key", certificate.key},
                 {"dns_names", certificate.dns_names},
                 {"issuer", certificate.issuer},
                 {"not_after", log::timestamp(certificate.not_after * 1'000'000'000)},
                 {"ocsp", certificate.ocsp},
                 {"services", certificate.services},
                 {"message_bytes", certificate.message_bytes}};
  if (!certificate.ocsp_problem.empty()) object["ocsp_problem"] = certificate.ocsp_problem;
  if (certificate.ocsp_next_update != 0)
    object["ocsp_next_update"] = log::timestamp(certificate.ocsp_next_update * 1'000'000'000);
  return object;
}

}  // namespace

const char* name(proxy::Builtin builtin) {
  switch (builtin) {
    case proxy::Builtin::none:
      return "none";
    case proxy::Builtin::echo:
      return "echo";
    case proxy::Builtin::discard:
      return "discard";
    case proxy::Builtin::chargen:
      return "chargen";
    case proxy::Builtin::daytime:
      return "daytime";
    case proxy::Builtin::http:
      break;
  }
  return "http";
}

std::uint64_t percentile(const Histogram& histogram, double p) {
  const std::uint64_t count = histogram.count();
  if (count == 0) return 0;
  const double wanted = p * static_cast<double>(count);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    seen += histogram.bucket(i);
    if (static_cast<double>(seen) >= wanted && seen > 0) return (std::uint64_t{1} << i) - 1;
  }
  return (std::uint64_t{1} << (Histogram::kBuckets - 1)) - 1;
}

std::string status_json(const View& view) {
  Json document = {{"version", LOCKSTEP_VERSION},
                   {"pid", getpid()},
                   {"state", view.state},
                   {"started", log::timestamp(view.started * 1'000'000'000)},
                   {"uptime_seconds", view.uptime_seconds},
                   {"epoch", view.epoch},
                   {"old_snapshots", view.old_snapshots},
                   {"reloads_refused", view.reloads_refused},
                   {"hugepages", view.hugepages},
                   {"memory", view.memory},
                   {"capabilities", view.capabilities},
                   {"workers", Json::array()},
                   {"crypto_cores", Json::array()},
                   {"ports", Json::array()},
                   {"services", Json::array()},
                   {"certificate_bytes", view.certificate_bytes},
                   {"certificates", Json::array()}};
  for (const WorkerView& worker : view.workers) document["workers"].push_back(worker_json(worker));
  for (const CryptoCoreView& core : view.crypto_cores) document["crypto_cores"].push_back(crypto_core_json(core));
  for (const PortView& port : view.ports) document["ports"].push_back(port_json(port));
  for (const ServiceView& service : view.services) document["services"].push_back(service_json(service));
  for (const CertificateView& certificate : view.certificates)
    document["certificates"].push_back(certificate_json(certificate));
  return document.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string certificates_json(const View& view) {
  Json document = {{"certificate_bytes", view.certificate_bytes}, {"certificates", Json::array()}};
  for (const CertificateView& certificate : view.certificates)
    document["certificates"].push_back(certificate_json(certificate));
  return document.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string reloaded_json(const Reloaded& reloaded) {
  const Json document = {{"reloaded", reloaded.complete},
                         {"epoch", reloaded.epoch},
                         {"changes", reloaded.changes},
                         {"problems", reloaded.problems}};
  return document.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string dropped_json(const Dropped& dropped) {
  const Json document = {
      {"dropped", dropped.complete}, {"workers", dropped.workers}, {"crypto_cores", dropped.crypto_cores}};
  return document.dump() + "\n";
}

}  // namespace lockstep::api
