// Damaged servers: whatever is sent, our client stays alive or ends with an error, and gives everything back.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/unit/dataplane/tls/client_certificate.h"
#include "tests/unit/dataplane/tls/client_errors.h"

namespace lockstep::tls::test {
namespace {

// What the server says, and under which of the engine's keys (0: none).
struct Step {
  std::uint8_t keys;
  ContentType type;
  Buffer content;
};

std::vector<Step> connection(ClientScene& scene, bool retry) {
  using enum ContentType;
  const Buffer schemes = join({u16(13), vector16(vector16(list16({0x0403})))});
  const Buffer alpn = join({u16(16), vector16(vector16(vector8(text("h2"))))});
  std::vector<Step> steps;
  ServerHelloText hello = scene.server_hello();
  if (retry) {
    ServerHelloText request = scene.retry_request();
    request.set(ExtensionType::cookie, vector16({1, 2}));
    steps.push_back({0, handshake, request.whole()});
    Buffer key(65, 0x42);
    key[0] = 4;
    hello.set(ExtensionType::key_share, key_share(kP256, key));
  }
  steps.push_back({0, handshake, hello.whole()});
  steps.push_back({0x11, handshake, message(8, vector16(alpn))});
  steps.push_back({0x11, handshake, message(13, join({{0}, vector16(schemes)}))});
  steps.push_back({0x11, handshake, certificate13(join({entry13(none_certificate()), entry13(Buffer(900, 0x31))}))});
  steps.push_back({0x11, handshake, certificate_verify()});
  steps.push_back({0x11, handshake, server_finished()});
  steps.push_back({0x21, application_data, text("some data")});
  steps.push_back({0x21, handshake, join({ticket13(), message(24, {1})})});
  steps.push_back({0x33, application_data, Buffer(3000, 'x')});
  steps.push_back({0x33, alert, {1, 0}});
  return steps;
}

void mutate(std::vector<Step>& steps, Random& random) {
  const auto any = [&](std::size_t size) { return random.below(static_cast<std::uint32_t>(size)); };
  Step& step = steps[any(steps.size())];
  Buffer& content = step.content;
  switch (random.below(8)) {
    case 0:
      if (!content.empty()) content[any(content.size())] ^= static_cast<std::uint8_t>(1U << random.below(8));
      break;
    case 1:
      if (!content.empty())
        content[any(std::min<std::size_t>(content.size(), 90))] = static_cast<std::uint8_t>(random.u32());
      break;
    case 2:
      if (content.size() > 4) ++content[4 + any(std::min<std::size_t>(content.size() - 4, 60))];
      break;
    case 3:
      if (!content.empty()) content.resize(any(content.size()));
      break;
    case 4:
      content.insert(content.end(), 1 + random.below(300), static_cast<std::uint8_t>(random.u32()));
      break;
    case 5:
      steps.push_back(Step(step));
      break;
    case 6:
      std::swap(content, steps[any(steps.size())].content);
      break;
    default:
      step.type = static_cast<ContentType>(20 + random.below(5));
  }
  // With a length that fits, more than the header is tried.
  if (step.type != ContentType::handshake || content.size() < 4 || random.below(4) == 0) return;
  content[2] = static_cast<std::uint8_t>((content.size() - 4) >> 8U);
  content[3] = static_cast<std::uint8_t>(content.size() - 4);
}

TEST(ClientMutation, NeverBreaksTheSession) {
  const char* const rounds_text = std::getenv("LOCKSTEP_MUTATIONS");
  const std::uint64_t rounds = rounds_text != nullptr ? std::strtoull(rounds_text, nullptr, 10) : 10'000;
  std::array<std::uint64_t, kErrorCount> seen{};
  for (std::uint64_t seed = 0; seed < rounds; ++seed) {
    Random random = Random::from_number(seed);
    ClientScene scene;
    scene.options.limits = {.cached_sessions = 4,
                            .early_data_hellos = 4,
                            .handshakes = 1,
                            .client_handshakes = 1,
                            .client_sessions = 4,
                            .ticket_receivers = 1,
                            .exporters = 1,
                            .client_identities = 1,
                            .large_messages = 1,
                            .record_jobs = 20};
    std::vector<Step> steps = connection(scene, seed % 3 == 0);
    for (std::uint32_t times = random.below(4); times != 0; --times) mutate(steps, random);
    std::uint8_t keys = 0;
    for (const Step& step : steps) {
      if (step.keys != keys) scene.server.protect(Protection::tls13, step.keys);
      keys = step.keys;
      scene.send(step.type, step.content);
    }
    Driver& client = scene.client();
    client.fin();
    client.run();
    const Error error = client.session().info().error;
    ++seen[static_cast<std::size_t>(error)];
    EXPECT_TRUE(client.session().idle()) << seed;
    EXPECT_TRUE(client.close != Close::none || client.peer_closed) << seed;
    EXPECT_EQ(client.close != Close::none, error != Error::none) << seed;
    EXPECT_NE(error, Error::engine_failed) << seed;
    EXPECT_NE(error, Error::no_memory) << seed;
    if (HasFailure()) break;
  }
  // Mutations that all died at the door would prove little.
  EXPECT_GE(std::count_if(seen.begin(), seen.end(), [](std::uint64_t count) { return count != 0; }), 25);
  EXPECT_GT(seen[static_cast<std::size_t>(Error::none)], rounds / 5);
}

}  // namespace
}  // namespace lockstep::tls::test
