// What is behind a Session: routes records, jobs and time to handshake, record layer and post-handshake rules.
#pragma once

#include "dataplane/tls/client_handshake.h"
#include "dataplane/tls/handshake.h"
#include "dataplane/tls/post_handshake.h"

namespace lockstep::tls {

class AlertMessage;

class Connection {
 public:
  Connection(Core& core, const ServerConfig& config, crypto::JobOwner owner, Instant now)
      : link_{core, owner}, config_(&config), deadline_(now + config.handshake_timeout) {}
  Connection(Core& core, const ClientConfig& config, std::uint32_t server, crypto::JobOwner owner, Instant now)
      : link_{core, owner},
        client_config_(&config),
        deadline_(now + config.handshake_timeout),
        server_(server),
        is_client_(true) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // As in Session.
  void receive(std::span<const MutableBytes> unread, Instant now, Effects& effects);
  void peer_fin(Instant now, Effects& effects);
  void write(std::span<const MutableBytes> pending, std::uint32_t budget, Instant now, Effects& effects);
  void shutdown(Instant now, Effects& effects);
  void job_done(crypto::Job& job, Instant now, Effects& effects);
  void timeout(Instant now, Effects& effects);
  void abandon();

  Instant deadline() const { return handshaking() ? deadline_ : Instant::never(); }
  bool idle() const { return link_.jobs_in_flight == 0; }
  bool established() const { return established_; }
  bool writable() const { return established_ || (handshake_ != nullptr && handshake_->answers_early_data); }
  bool config_released() const { return handshake_ == nullptr && !handshaking(); }
  SessionInfo info() const;
  bool prepare_export(crypto::ExportJob& job) const;

 private:
  // What has been decided about the end.
  enum class Ending : std::uint8_t {
    no,
    by_alert,  // when our last alert is out
    at_once,   // when what is sealed is out
    by_force,
    over,  // Close was reported
  };

  // Makes the effects of a call reachable, and brings everything to rest at its end.
  class Call {
   public:
    Call(Connection& connection, Instant now, Effects& effects) : connection_(connection) {
      connection.link_.effects = &effects;
      connection.link_.now = now;
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() {
      connection_.settle();
      connection_.link_.effects = nullptr;
    }

   private:
    Connection& connection_;
  };

  bool handshaking() const { return !established_ && ending_ == Ending::no; }
  // A handshake that did not complete.
  bool begun() const { return handshake_ != nullptr || (negotiated_.hello_forgotten && !established_); }
  bool discards_input() const { return ending_ != Ending::no || peer_closed_; }
  bool early_data_ended() const { return negotiated_.early_data && !handshake_->takes_early_data; }
  bool start_handshake();
  bool start_coroutine();
  bool advance_handshake();
  void establish();
  void establish_client();
  void count_failed_handshake();
  void release_handshake();

  void key_update_done(const crypto::Job& job);

  bool wants_record() const;
  Error take_record(InputCursor& cursor, const RecordHeader& header);
  Error take_plain_handshake(InputCursor& cursor, const RecordHeader& header);
  Error take_plain_alert(InputCursor& cursor, const RecordHeader& header);
  Error take_change_cipher_spec(InputCursor& cursor, const RecordHeader& header);
  Error take_unprotected(InputCursor& cursor, const RecordHeader& header);
  Error skip_early_data(std::uint32_t size);
  Error open_record(InputCursor& cursor, const RecordHeader& header);

  void take_opened_records();
  Error take_opened(OpenRecord& record);
  Error take_content(const OpenRecord& record, const OpenedRecord& opened);
  Error take_handshake_content(const OpenRecord& record, std::uint32_t size);
  Error take_post_handshake(const OpenRecord& record, std::uint32_t size);
  Error take_application_data(std::uint32_t size);
  Error take_early_data(std::uint32_t size);
  Error take_alert(const AlertMessage& alert);

  void fail(Error error);
  void forget_session();
  bool check_fin();
  void settle();
  void report_end();
  void clear();

  Link link_;
  // While handshaking; `is_client_` says which one. Once established, what takes a client's tickets; nullptr: nothing.
  union {
    const ServerConfig* config_;
    const ClientConfig* client_config_;
    TicketReceiver* tickets_;
  };
  Instant deadline_;
  HandshakeBase* handshake_ = nullptr;
  Inbound inbound_;
  Outbound outbound_;
  PostHandshake post_handshake_;
  std::uint32_t server_ = 0;  // the client's number of it
  Negotiated negotiated_;
  Phase phase_ = Phase::client_hello;
  Error error_ = Error::none;
  Ending ending_ = Ending::no;
  std::uint8_t empty_records_ = 0;
  std::uint8_t warnings_ = 0;
  bool is_client_ = false;
  bool established_ = false;
  bool peer_closed_ = false;
  bool output_ended_ = false;  // reported
  bool fin_ = false;
  bool input_exhausted_ = true;  // the input shown last holds no whole record that is not in flight
  bool abandoned_ = false;
};

}  // namespace lockstep::tls
