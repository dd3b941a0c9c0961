#include "control/api/metrics.h"

#include <array>
#include <cstdio>
#include <map>
#include <utility>

namespace lockstep::api {
namespace {

using Labels = std::vector<std::pair<const char*, std::string>>;

std::string escape_label(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
    } else {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text;
}

std::string label_text(const Labels& labels) {
  std::string text;
  for (const auto& [key, value] : labels)
    text += (text.empty() ? "{" : ",") + std::string(key) + "=\"" + escape_label(value) + "\"";
  return text.empty() ? text : text + "}";
}

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.9g", value);
  return text.data();
}

/// Samples of one name, which have to stand together under one HELP and TYPE.
class Family {
 public:
  Family(std::string& out, std::string name, const char* type, const char* help) : out_(out), name_(std::move(name)) {
    out_ += "# HELP " + name_ + " " + help + "\n# TYPE " + name_ + " " + type + "\n";
  }
  void sample(const Labels& labels, std::uint64_t value) {
    out_ += name_ + label_text(labels) + " " + std::to_string(value) + "\n";
  }
  void sample(const Labels& labels, double value) { out_ += name_ + label_text(labels) + " " + number(value) + "\n"; }
  /// Cumulative buckets from `first` to `last` of a power-of-two histogram; `scale` converts its unit to the metric's.
  void histogram(Labels labels, const Histogram& histogram, std::size_t first, std::size_t last, double scale) {
    const Labels plain = labels;
    labels.emplace_back("le", "");
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
      total += histogram.bucket(i);
      if (i < first || i > last) continue;
      // Bucket i holds values below 2^i.
      labels.back().second = number(static_cast<double>((std::uint64_t{1} << i) - 1) * scale);
      out_ += name_ + "_bucket" + label_text(labels) + " " + std::to_string(total) + "\n";
    }
    labels.back().second = "+Inf";
    out_ += name_ + "_bucket" + label_text(labels) + " " + std::to_string(total) + "\n";
    out_ += name_ + "_sum" + label_text(plain) + " " + number(static_cast<double>(histogram.sum()) * scale) + "\n";
    out_ += name_ + "_count" + label_text(plain) + " " + std::to_string(total) + "\n";
  }

 private:
  std::string& out_;
  std::string name_;
};

std::string worker_label(const WorkerView& worker) {
  return std::to_string(worker.index);
}
Labels labels_of(const WorkerView& worker) {
  return {{"worker", worker_label(worker)}};
}
Labels labels_of(const CryptoCoreView& core) {
  return {{"crypto_core", std::to_string(core.index)}};
}

/// All counters of one struct for all workers, or all crypto cores. The structs list their members in a fixed order, so
/// that the families can be gathered by index.
template <class OneView, class Get>
void counters(std::string& out, const std::vector<OneView>& views, const std::string& prefix, Get get) {
  struct Gathered {
    CounterType type;
    std::string name;
    const char* help;
    std::vector<std::pair<Labels, std::uint64_t>> samples;
  };
  std::vector<Gathered> gathered;
  for (const OneView& view : views) {
    std::size_t index = 0;
    get(view).visit([&](CounterType type, const char* name, const char* help, std::uint64_t value) {
      if (index == gathered.size()) gathered.push_back({type, name, help, {}});
      gathered[index++].samples.emplace_back(labels_of(view), value);
    });
  }
  for (const Gathered& one : gathered) {
    const bool counter = one.type == CounterType::counter;
    Family family(out, prefix + one.name + (counter ? "_total" : ""), counter ? "counter" : "gauge", one.help);
    for (const auto& [labels, value] : one.samples) family.sample(labels, value);
  }
}

void tls_errors(std::string& out, const View& view) {
  Family family(out, "lockstep_tls_errors_total", "counter", "TLS connections that failed, by cause");
  for (const WorkerView& worker : view.workers)
    for (std::size_t error = 1; error < tls::kErrorCount; ++error)
      family.sample({{"worker", worker_label(worker)}, {"error", tls::name(static_cast<tls::Error>(error))}},
                    worker.tls->errors[error].value());
}

/// The batches of all workers, or of all crypto cores, which are to be told apart: a job that a worker sends to a
/// crypto core counts in both.
template <class OneView>
void batches(std::string& out, const std::vector<OneView>& views, const std::string& prefix) {
  const auto each = [&](auto&& f) {
    for (const OneView& view : views)
      for (const control::EngineLine& line : view.engines->table) {
        Labels labels = labels_of(view);
        labels.emplace_back("class", crypto::name(line.job_class));
        f(labels, view.batch->stats(line.job_class));
      }
  };
  const auto counter = [&](const char* name, const char* help,
                           std::atomic<std::uint64_t> crypto::ClassStats::* member) {
    Family family(out, prefix + name + "_total", "counter", help);
    each([&](const Labels& labels, const crypto::ClassStats& stats) {
      family.sample(labels, (stats.*member).load(std::memory_order_relaxed));
    });
  };
  counter("jobs", "Crypto jobs done", &crypto::ClassStats::jobs);
  counter("jobs_made_ahead", "Crypto jobs served from what was made ahead", &crypto::ClassStats::made_ahead);
  counter("jobs_scalar", "Crypto jobs too few for lanes, done one at a time", &crypto::ClassStats::scalar);
  counter("jobs_failed", "Crypto jobs that an engine failed to do", &crypto::ClassStats::failed);
  {
    Family fill(out, prefix + "fill", "histogram", "Jobs per engine call");
    each([&](const Labels& labels, const crypto::ClassStats& stats) { fill.histogram(labels, stats.fill, 1, 7, 1); });
  }
  Family wait(out, prefix + "wait_seconds", "histogram", "Time from a job's submission to its engine call");
  each(
      [&](const Labels& labels, const crypto::ClassStats& stats) { wait.histogram(labels, stats.wait, 10, 30, 1e-9); });
}

template <class OneView>
void engines(std::string& out, const std::vector<OneView>& views, const std::string& prefix) {
  {
    Family engine(out, prefix + "info", "gauge", "Which engine serves which class of jobs");
    for (const OneView& view : views)
      for (const control::EngineLine& line : view.engines->table) {
        Labels labels = labels_of(view);
        labels.emplace_back("class", crypto::name(line.job_class));
        labels.emplace_back("engine", line.engine);
        engine.sample(labels, std::uint64_t{1});
      }
  }
  // All cores have the same engines, but for one whose self-test failed there: families are gathered by name.
  std::map<std::string, std::vector<std::pair<Labels, std::uint64_t>>> families;
  for (const OneView& view : views)
    for (const control::EngineCounter& counter : view.engines->counters)
      families[counter.name].emplace_back(labels_of(view), counter.value->load(std::memory_order_relaxed));
  for (const auto& [name, samples] : families) {
    Family family(out, prefix + name + "_total", "counter", "Counter of an engine");
    for (const auto& [labels, value] : samples) family.sample(labels, value);
  }
}

void crypto_cores(std::string& out, const View& view) {
  counters(out, view.crypto_cores, "lockstep_crypto_core_",
           [](const CryptoCoreView& core) -> const auto& { return *core.loop; });
  const auto channels = [&](const char* name, const char* help, Counter worker::CryptoChannel::* member) {
    Family family(out, std::string("lockstep_crypto_core_") + name + "_total", "counter", help);
    for (const CryptoCoreView& core : view.crypto_cores)
      for (std::size_t worker = 0; worker < core.channels.size(); ++worker) {
        Labels labels = labels_of(core);
        labels.emplace_back("worker", std::to_string(worker));
        family.sample(labels, (core.channels[worker]->*member).value());
      }
  };
  channels("jobs_sent", "Crypto jobs that the worker sent to the crypto core", &worker::CryptoChannel::sent);
  channels("ring_full", "Crypto jobs of the worker that found the crypto core full", &worker::CryptoChannel::full);
  {
    Family local(out, "lockstep_worker_crypto_core_jobs_done_locally_total", "counter",
                 "Crypto jobs that the worker did itself since no crypto core had room");
    for (const WorkerView& worker : view.workers)
      if (worker.done_locally != nullptr) local.sample(labels_of(worker), worker.done_locally->value());
  }
  batches(out, view.crypto_cores, "lockstep_crypto_core_batch_");
  engines(out, view.crypto_cores, "lockstep_crypto_core_engine_");
}

void ports(std::string& out, const View& view) {
  const auto counter = [&](const char* name, const char* help, std::uint64_t io::PortStats::* member) {
    Family family(out, std::string("lockstep_port_") + name + "_total", "counter", help);
    for (const PortView& port : view.ports) family.sample({{"port", port.name}}, port.stats.*member);
  };
  counter("received_frames", "Frames received", &io::PortStats::received);
  counter("received_bytes", "Bytes received", &io::PortStats::received_bytes);
  counter("transmitted_frames", "Frames transmitted", &io::PortStats::transmitted);
  counter("transmitted_bytes", "Bytes transmitted", &io::PortStats::transmitted_bytes);
  counter("missed_frames", "Frames lost because a receive queue was full", &io::PortStats::missed);
  counter("errors", "Frames received with an error", &io::PortStats::errors);
  counter("no_buffer", "Times a frame found no buffer", &io::PortStats::no_buffer);
  counter("steered_frames", "Frames handed to another worker", &io::PortStats::steered);
  counter("steering_full", "Frames lost because another worker's ring was full", &io::PortStats::steering_full);
  Family link(out, "lockstep_port_link_up", "gauge", "Whether the port's link is up");
  for (const PortView& port : view.ports)
    link.sample({{"port", port.name}}, std::uint64_t{port.info.link_up ? 1U : 0U});
}

void backends(std::string& out, const View& view) {
  const auto family = [&](const char* name, const char* type, const char* help, auto get) {
    Family f(out, std::string("lockstep_backend_") + name, type, help);
    for (const ServiceView& service : view.services)
      for (const BackendView& backend : service.backends)
        f.sample({{"service", service.name}, {"backend", backend.name}}, std::uint64_t{get(backend)});
  };
  family("connections", "gauge", "Connections to the backend", [](const BackendView& b) { return b.connections; });
  family("connections_total", "counter", "Connections made to the backend",
         [](const BackendView& b) { return b.total; });
  family("failures_total", "counter", "Connections to the backend that failed",
         [](const BackendView& b) { return b.failures; });
  family("ejected", "gauge", "Workers that leave the backend out now",
         [](const BackendView& b) { return b.ejected_by; });
}

void service_wide(std::string& out, const View& view) {
  Family(out, "lockstep_build_info", "gauge", "Version of the program")
      .sample({{"version", LOCKSTEP_VERSION}}, std::uint64_t{1});
  Family(out, "lockstep_start_time_seconds", "gauge", "When the service started, UNIX time")
      .sample({}, static_cast<double>(view.started));
  Family(out, "lockstep_snapshot_epoch", "gauge", "Number of the configuration in use").sample({}, view.epoch);
  Family(out, "lockstep_snapshots_old", "gauge", "Earlier configurations still in use by handshakes")
      .sample({}, view.old_snapshots);
  Family(out, "lockstep_reloads_refused_total", "counter", "Reloads that kept the old configuration")
      .sample({}, view.reloads_refused);
  Family(out, "lockstep_ticket_keys", "gauge", "Ticket keys that are accepted").sample({}, view.tickets.keys.size());
  Family(out, "lockstep_ticket_key_rotations_total", "counter", "Ticket keys that took another's place")
      .sample({}, view.tickets.rotations);
  Family(out, "lockstep_ticket_sealing_key_since_seconds", "gauge",
         "Since when the key seals that seals now, UNIX time")
      .sample({}, static_cast<double>(view.tickets.sealing_since()) / 1e9);
  Family(out, "lockstep_ticket_keys_problem", "gauge", "1 while 'lockstep ticket show' names a problem")
      .sample({}, std::uint64_t{view.tickets.problem.empty() ? 0U : 1U});
  {
    Family pinned(out, "lockstep_worker_oldest_epoch", "gauge", "Oldest configuration the worker still uses");
    for (const WorkerView& worker : view.workers)
      pinned.sample({{"worker", worker_label(worker)}}, worker.oldest_pinned);
  }
  {
    Family lost(out, "lockstep_worker_events_lost_total", "counter", "Events lost because the worker's ring was full");
    for (const WorkerView& worker : view.workers) lost.sample({{"worker", worker_label(worker)}}, worker.events_lost);
  }
  {
    Family wake(out, "lockstep_worker_wake_up_seconds", "histogram", "How late a sleeping worker woke up");
    for (const WorkerView& worker : view.workers)
      wake.histogram({{"worker", worker_label(worker)}}, *worker.wake_up, 10, 30, 1e-9);
  }
  {
    Family memory(out, "lockstep_certificates_bytes", "gauge", "Memory that loading the certificates and keys took");
    memory.sample({}, static_cast<double>(view.certificate_bytes));
  }
  {
    Family staples(out, "lockstep_certificate_ocsp_next_update_seconds", "gauge",
                   "Until when the stapled OCSP response is good, UNIX time; absent when none is stapled");
    for (const CertificateView& certificate : view.certificates)
      if (certificate.ocsp == "good")
        staples.sample({{"certificate", certificate.name}}, static_cast<double>(certificate.ocsp_next_update));
  }
  Family expiry(out, "lockstep_certificate_not_after_seconds", "gauge", "When the certificate expires, UNIX time");
  for (const CertificateView& certificate : view.certificates)
    expiry.sample({{"certificate", certificate.name}}, static_cast<double>(certificate.not_after));
}

}  // namespace

std::string metrics_text(const View& view) {
  std::string out;
  service_wide(out, view);
  const std::vector<WorkerView>& workers = view.workers;
  counters(out, workers, "lockstep_worker_", [](const WorkerView& w) -> const auto& { return *w.loop; });
  counters(out, workers, "lockstep_net_", [](const WorkerView& w) -> const auto& { return *w.net; });
  counters(out, workers, "lockstep_tcp_", [](const WorkerView& w) -> const auto& { return *w.tcp; });
  counters(out, workers, "lockstep_tls_", [](const WorkerView& w) -> const auto& { return *w.tls; });
  counters(out, workers, "lockstep_proxy_", [](const WorkerView& w) -> const auto& { return *w.proxy; });
  tls_errors(out, view);
  batches(out, workers, "lockstep_batch_");
  engines(out, workers, "lockstep_engine_");
  if (!view.crypto_cores.empty()) crypto_cores(out, view);
  ports(out, view);
  backends(out, view);
  return out;
}

}  // namespace lockstep::api
