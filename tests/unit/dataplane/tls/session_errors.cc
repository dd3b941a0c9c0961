#include "tests/unit/dataplane/tls/errors.h"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {

using enum ContentType;

namespace {

using crypto::JobKind;

// Lets one kind fail.
class FailingEngine final : public crypto::Engine {
 public:
  FailingEngine(crypto::Engine& inner, JobKind kind, int after) : inner_(inner), kind_(kind), left_(after) {}
  const char* name() const override { return "failing"; }
  bool supports(crypto::JobClass) const override { return true; }
  void run(std::span<crypto::Job* const> jobs, crypto::JobList& done) override {
    for (crypto::Job* const job : jobs) {
      if (job->kind == kind_ && left_-- <= 0) {
        job->status = crypto::JobStatus::engine_failed;
        done.push(*job);
      } else {
        inner_.run(std::span<crypto::Job* const>(&job, 1), done);
      }
    }
  }

 private:
  crypto::Engine& inner_;
  JobKind kind_;
  int left_;
};

void play_with_failing(Scene& scene, JobKind kind, int after, void (*play)(Scene&)) {
  FailingEngine failing(scene.none, kind, after);
  scene.engine = &failing;
  play(scene);
  scene.server().abandon();
}

void resume_12(Scene& scene) {
  TicketOffer offer(scene.config);
  offer.of_tls12();
  Hello hello = hello12();
  hello.set(ExtensionType::session_ticket, offer.ticket());
  scene.handshake(hello.whole());
  scene.protection = Protection::tls12;
}

void exchange_keys(Scene& scene) {
  scene.hello_12();
  scene.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
}

}  // namespace

std::vector<Row> session_errors() {
  return {
      {Error::unexpected_handshake_message, "Finished first", [](Scene& s) { s.handshake(NoneClient::finished12()); }},
      {Error::unexpected_handshake_message, "key exchange in TLS 1.3",
       [](Scene& s) {
         s.hello_13();
         s.handshake(NoneClient::key_exchange(Buffer(32, 1)));
       }},
      {Error::unexpected_handshake_message, "a second hello in TLS 1.2",
       [](Scene& s) {
         s.hello_12();
         s.handshake(hello12().whole());
       }},
      {Error::unexpected_handshake_message, "key exchange twice",
       [](Scene& s) {
         s.hello_12();
         s.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
         s.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
       }},
      {Error::unexpected_handshake_message, "Finished without change_cipher_spec",
       [](Scene& s) {
         s.hello_12();
         s.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
         s.handshake(NoneClient::finished12());
       }},
      {Error::unexpected_handshake_message, "hello after the TLS 1.3 handshake",
       [](Scene& s) {
         s.establish13();
         s.handshake(hello13().whole());
       }},
      {Error::unexpected_handshake_message, "HelloRequest from a client",
       [](Scene& s) {
         s.establish12();
         s.handshake(message(0, {}));
       }},
      {Error::unexpected_handshake_message, "Finished in place of the second hello",
       [](Scene& s) {
         s.config.groups = {crypto::NamedGroup::secp384r1};
         s.handshake(hello13().whole());
         s.handshake(NoneClient::finished13());
       }},
      {Error::bad_finished, "TLS 1.3, resumed",
       [](Scene& s) {
         TicketOffer offer(s.config);
         s.handshake(hello_of([&](Hello& h) { offer.add_to(h); }));
         s.protection = Protection::tls13;
         s.client.protect(Protection::tls13, NoneClient::kHandshake13);
         s.handshake(message(20, Buffer(32, 0)));
       }},
      {Error::bad_finished, "TLS 1.3",
       [](Scene& s) {
         s.hello_13();
         Buffer finished = NoneClient::finished13();
         finished.back() ^= 0x80;
         s.handshake(finished);
       }},
      {Error::bad_finished, "TLS 1.2",
       [](Scene& s) {
         s.hello_12();
         s.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
         s.send(change_cipher_spec, {1});
         s.client.protect(Protection::tls12, NoneClient::kKeys12);
         Buffer finished = NoneClient::finished12();
         finished[4] ^= 1;
         s.handshake(finished);
       }},
      {Error::bad_finished, "RSA key exchange and CBC",
       [](Scene& s) {
         s.key_exchange_classic();
         Buffer finished = NoneClient::finished12();
         finished[4] ^= 1;
         s.handshake(finished);
       }},
      {Error::unexpected_handshake_message, "Finished in place of the RSA key exchange",
       [](Scene& s) {
         s.hello_classic();
         s.handshake(NoneClient::finished12());
       }},
      {Error::bad_change_cipher_spec, "before the RSA key exchange",
       [](Scene& s) {
         s.hello_classic();
         s.send(change_cipher_spec, {1});
       }},
      {Error::renegotiation_refused, "insisting",
       [](Scene& s) {
         s.establish12();
         for (int i = 0; i < 4; ++i) s.handshake(hello12().whole());
       }},
      {Error::too_many_key_updates, "33 without data",
       [](Scene& s) {
         s.establish13();
         for (int i = 0; i < 33; ++i) {
           s.handshake(key_update(0));
           s.client.protect(Protection::tls13, static_cast<std::uint8_t>(NoneClient::kUpdated13 + 2 * i));
         }
       }},
      {Error::too_many_key_updates, "33 with nothing but empty records between",
       [](Scene& s) {
         s.establish13();
         for (int i = 0; i < 33; ++i) {
           if (i % 8 == 0) s.send(application_data, {});
           s.handshake(key_update(0));
           s.client.protect(Protection::tls13, static_cast<std::uint8_t>(NoneClient::kUpdated13 + 2 * i));
         }
       }},
      {Error::renegotiation_refused, "insisting between empty records",
       [](Scene& s) {
         s.establish12();
         for (int i = 0; i < 4; ++i) {
           s.handshake(hello12().whole());
           s.send(application_data, {});
         }
       }},
      {Error::handshake_timeout, "nothing comes",
       [](Scene& s) { s.server().timeout(s.server().now + s.config.handshake_timeout); }},
      {Error::handshake_timeout, "half a hello",
       [](Scene& s) {
         s.handshake({1, 0, 0});
         s.server().timeout(s.server().session().deadline());
       }},
      {Error::handshake_timeout, "no Finished",
       [](Scene& s) {
         s.hello_13();
         s.server().timeout(s.server().session().deadline());
         s.server().run();
       }},
      {Error::peer_alert, "in plaintext",
       [](Scene& s) {
         s.hello_12();
         s.send(alert, {2, 40});
       },
       Answer::nothing},
      {Error::peer_alert, "in plaintext, of a client that cannot take ServerHello",
       [](Scene& s) {
         s.hello_13();
         s.send(NoneClient::plain(alert, {2, 47}));
       },
       Answer::nothing},
      {Error::peer_alert, "protected, of any level in TLS 1.3",
       [](Scene& s) {
         s.establish13();
         s.send(alert, {1, 80});
       },
       Answer::nothing},
      {Error::peer_alert, "close_notify in the handshake",
       [](Scene& s) {
         s.hello_12();
         s.send(alert, {1, 0});
       },
       Answer::nothing},
      {Error::truncated, "FIN in a hello",
       [](Scene& s) {
         s.handshake({1, 0, 0});
         s.server().fin();
       },
       Answer::nothing},
      {Error::truncated, "FIN without a byte", [](Scene& s) { s.server().fin(); }, Answer::nothing},
      {Error::truncated, "FIN without close_notify",
       [](Scene& s) {
         s.establish13();
         s.server().fin();
         s.server().run();
       }},
      {Error::truncated, "FIN inside a record",
       [](Scene& s) {
         s.establish12();
         s.send({23, 3, 3, 0});
         s.server().fin();
         s.server().run();
       }},
      {Error::no_memory, "no handshake left",
       [](Scene& s) {
         s.options.limits.handshakes = 0;
         s.handshake(hello13().whole());
       }},
      {Error::no_memory, "no room for a large hello",
       [](Scene& s) {
         s.options.limits.large_messages = 0;
         s.handshake(hello_of([](Hello& h) { h.set(0x5555, Buffer(5000, 0)); }));
       }},
      {Error::no_memory, "no output buffer",
       [](Scene& s) {
         s.server().output_buffers_left = 0;
         s.handshake(hello13().whole());
       },
       Answer::abort},
      {Error::no_memory, "a record in too many pieces",
       [](Scene& s) {
         s.options.piece = 2;
         s.establish13();
         s.send(application_data, Buffer(100, 'x'));
       }},
      {Error::engine_failed, "key share",
       [](Scene& s) { play_with_failing(s, JobKind::key_share, 0, [](Scene& t) { t.hello_13(); }); }},
      {Error::engine_failed, "first transcript",
       [](Scene& s) { play_with_failing(s, JobKind::transcript, 0, [](Scene& t) { t.hello_13(); }); }},
      {Error::engine_failed, "second transcript",
       [](Scene& s) { play_with_failing(s, JobKind::transcript, 1, [](Scene& t) { t.hello_13(); }); }},
      {Error::engine_failed, "sign",
       [](Scene& s) { play_with_failing(s, JobKind::sign, 0, [](Scene& t) { t.hello_13(); }); }},
      {Error::engine_failed, "derive",
       [](Scene& s) { play_with_failing(s, JobKind::derive, 0, [](Scene& t) { t.hello_13(); }); }},
      {Error::engine_failed, "server flight",
       [](Scene& s) { play_with_failing(s, JobKind::tls13_server_flight, 0, [](Scene& t) { t.hello_13(); }); }},
      {Error::engine_failed, "transcript of the retried hello",
       [](Scene& s) { play_with_failing(s, JobKind::transcript, 0, [](Scene& t) { retry(t, [](Hello&) {}); }); }},
      {Error::engine_failed, "TLS 1.2 key share",
       [](Scene& s) { play_with_failing(s, JobKind::key_share, 0, [](Scene& t) { t.hello_12(); }); }},
      {Error::engine_failed, "TLS 1.2 sign",
       [](Scene& s) { play_with_failing(s, JobKind::sign, 0, [](Scene& t) { t.hello_12(); }); }},
      {Error::engine_failed, "TLS 1.2 first transcript",
       [](Scene& s) { play_with_failing(s, JobKind::transcript, 0, [](Scene& t) { t.hello_12(); }); }},
      {Error::engine_failed, "TLS 1.2 second transcript",
       [](Scene& s) { play_with_failing(s, JobKind::transcript, 1, [](Scene& t) { t.hello_12(); }); }},
      {Error::engine_failed, "TLS 1.2 third transcript",
       [](Scene& s) { play_with_failing(s, JobKind::transcript, 2, exchange_keys); }},
      {Error::engine_failed, "TLS 1.2 derive",
       [](Scene& s) { play_with_failing(s, JobKind::derive, 0, exchange_keys); }},
      {Error::engine_failed, "TLS 1.2 master secret",
       [](Scene& s) { play_with_failing(s, JobKind::tls12_master_secret, 0, exchange_keys); }},
      {Error::engine_failed, "TLS 1.2 Finished",
       [](Scene& s) { play_with_failing(s, JobKind::tls12_finished, 0, exchange_keys); }},
      {Error::engine_failed, "RSA premaster secret",
       [](Scene& s) {
         play_with_failing(s, JobKind::rsa_premaster, 0, [](Scene& t) {
           t.hello_classic();
           t.handshake(NoneClient::rsa_key_exchange());
         });
       }},
      {Error::engine_failed, "transcript beside the RSA premaster secret",
       [](Scene& s) {
         play_with_failing(s, JobKind::transcript, 2, [](Scene& t) {
           t.hello_classic();
           t.handshake(NoneClient::rsa_key_exchange());
         });
       }},
      {Error::engine_failed, "keys of a resumed TLS 1.2 session",
       [](Scene& s) { play_with_failing(s, JobKind::tls12_master_secret, 0, resume_12); }},
      {Error::engine_failed, "transcript of a resumed TLS 1.2 session",
       [](Scene& s) { play_with_failing(s, JobKind::transcript, 0, resume_12); }},
      {Error::engine_failed, "Finished of a resumed TLS 1.2 session",
       [](Scene& s) { play_with_failing(s, JobKind::tls12_finished, 0, resume_12); }},
      {Error::bad_finished, "of a resumed TLS 1.2 session",
       [](Scene& s) {
         resume_12(s);
         s.send(change_cipher_spec, {1});
         s.client.protect(Protection::tls12, NoneClient::kKeys12);
         Buffer finished = NoneClient::finished12();
         finished[4] ^= 1;
         s.handshake(finished);
       }},
      {Error::unexpected_handshake_message, "key exchange in a resumed TLS 1.2 session",
       [](Scene& s) {
         resume_12(s);
         s.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
       }},
      {Error::unexpected_handshake_message, "Finished of a resumed TLS 1.2 session without change_cipher_spec",
       [](Scene& s) {
         resume_12(s);
         s.handshake(NoneClient::finished12());
       }},
      {Error::data_across_key_change, "behind the hello of a resumed TLS 1.2 session",
       [](Scene& s) {
         TicketOffer offer(s.config);
         offer.of_tls12();
         Hello hello = hello12();
         hello.set(ExtensionType::session_ticket, offer.ticket());
         s.protection = Protection::tls12;
         s.handshake(join({hello.whole(), {16}}));
         s.send(change_cipher_spec, {1});
       }},
      {Error::engine_failed, "open a CBC record",
       [](Scene& s) {
         play_with_failing(s, JobKind::cbc_open, 1, [](Scene& t) {
           t.establish_classic();
           t.send(application_data, text("x"));
         });
       }},
      {Error::engine_failed, "seal a CBC record",
       [](Scene& s) {
         play_with_failing(s, JobKind::cbc_seal, 1, [](Scene& t) {
           t.establish_classic();
           t.server().send("x");
           t.server().run();
         });
       },
       Answer::abort},
      {Error::engine_failed, "open",
       [](Scene& s) {
         play_with_failing(s, JobKind::open, 1, [](Scene& t) {
           t.establish13();
           t.send(application_data, text("x"));
         });
       }},
      {Error::engine_failed, "the peer's key update",
       [](Scene& s) {
         play_with_failing(s, JobKind::tls13_key_update, 0, [](Scene& t) {
           t.establish13();
           t.handshake(key_update(0));
         });
       }},
      {Error::engine_failed, "our key update",
       [](Scene& s) {
         play_with_failing(s, JobKind::tls13_key_update, 1, [](Scene& t) {
           t.establish13();
           t.handshake(key_update(1));
         });
       },
       Answer::abort},
      {Error::engine_failed, "seal",
       [](Scene& s) {
         play_with_failing(s, JobKind::seal, 1, [](Scene& t) {
           t.establish13();
           t.server().send("x");
           t.server().run();
         });
       },
       Answer::abort},
      {Error::record_limit, "sending",
       [](Scene& s) {
         s.options.limits.records_per_key = 3;
         s.establish12();
         s.server().send(pattern_text(100'000));
         s.server().run();
       }},
      {Error::record_limit, "receiving CBC records",
       [](Scene& s) {
         s.options.limits.records_per_key = 3;
         s.establish_classic();
         for (int i = 0; i < 4; ++i) s.send(application_data, text("x"));
       }},
      {Error::record_limit, "receiving",
       [](Scene& s) {
         s.options.limits.records_per_key = 3;
         s.establish12();
         for (int i = 0; i < 4; ++i) s.send(application_data, text("x"));
       }},

  };
}

}  // namespace lockstep::tls::test
