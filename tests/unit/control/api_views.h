// What a service with two workers and crypto cores shows of itself, for tests of the API.
#pragma once

#include "control/api/view.h"

namespace lockstep::api::test {

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

inline View view_of(FakeWorker& a, FakeWorker& b) {
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

}  // namespace lockstep::api::test
