// Ways to make a session fail.
#pragma once

#include <functional>
#include <vector>

#include "tests/unit/dataplane/tls/none_client.h"

namespace lockstep::tls::test {

/// What the peer gets.
enum class Answer : std::uint8_t { alert, nothing, abort };

struct Row {
  Error error;
  const char* what;
  void (*play)(Scene&);
  Answer answer = Answer::alert;
};

/// Records that are not allowed, or not now.
std::vector<Row> record_errors();
/// Hellos that are wrong, or have nothing in common with the configuration.
std::vector<Row> hello_errors();
/// Early data that was accepted, and then is not as it has to be.
std::vector<Row> early_data_errors();
/// Certificates of clients.
std::vector<Row> client_certificate_errors();
/// Messages at the wrong time, ends of all kinds, and what fails at home.
std::vector<Row> session_errors();

/// The hello that `bend` makes, as a message.
inline Buffer hello_of(const std::function<void(Hello&)>& bend, Hello hello = hello13()) {
  bend(hello);
  return hello.whole();
}

/// Goes on after a HelloRetryRequest for P-384 with what `bend` makes of the right second hello.
inline void retry(Scene& scene, const std::function<void(Hello&)>& bend, const Buffer& behind = {}) {
  scene.config.groups = {crypto::NamedGroup::secp384r1};
  scene.handshake(hello13().whole());
  Hello second = hello13();
  Buffer key(97, 0x42);
  key[0] = 4;
  second.set(ExtensionType::key_share, vector16(key_share(kP384, key)));
  bend(second);
  scene.protection = Protection::tls13;
  scene.handshake(join({second.whole(), behind}));
}

inline Buffer key_update(std::uint8_t value) {
  return message(24, {value});
}

}  // namespace lockstep::tls::test
