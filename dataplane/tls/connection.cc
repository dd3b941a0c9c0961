#include "dataplane/tls/connection.h"

#include <algorithm>

namespace lockstep::tls {

using crypto::JobKind;

namespace {

template <class Kind>
void hand_back(crypto::Job& job) {
  static_cast<Returnable<Kind>&>(job).returned = true;
}

void record_done(crypto::Job& job) {
  switch (job.kind) {
    case JobKind::seal:
      return hand_back<crypto::SealJob>(job);
    case JobKind::open:
      return hand_back<crypto::OpenJob>(job);
    case JobKind::cbc_seal:
      return hand_back<crypto::CbcSealJob>(job);
    case JobKind::cbc_open:
      return hand_back<crypto::CbcOpenJob>(job);
    default:
      break;  // the record layer has no other
  }
}

}  // namespace

Connection::~Connection() {
  clear();
}

// The calls of Session.

void Connection::receive(std::span<const MutableBytes> unread, Instant now, Effects& effects) {
  if (abandoned_) return;
  const Call call(*this, now, effects);
  InputCursor cursor(unread);
  if (discards_input()) {
    if (inbound_.idle()) link_.dispose(false, static_cast<std::uint32_t>(cursor.remaining()));
    return;
  }
  // A client speaks first.
  const bool starts = handshake_ == nullptr && !established_ && (is_client_ || cursor.remaining() != 0);
  if (starts && !start_handshake()) return fail(Error::no_memory);
  cursor.skip(inbound_.scheduled());
  input_exhausted_ = cursor.remaining() == 0;
  while (wants_record()) {
    RecordHeader header;
    switch (inbound_.peek(cursor, header)) {
      case Inbound::Peek::incomplete:
        input_exhausted_ = true;
        return;
      case Inbound::Peek::malformed:
        return fail(Error::malformed_record_header);
      case Inbound::Peek::too_long:
        return fail(Error::record_too_long);
      case Inbound::Peek::not_tls:
        return fail(Error::not_tls);
      case Inbound::Peek::record:
        break;
    }
    const std::uint32_t scheduled = inbound_.scheduled();
    if (const Error error = take_record(cursor, header); error != Error::none) return fail(error);
    if (inbound_.scheduled() == scheduled) return;  // no job to be had
    input_exhausted_ = cursor.remaining() == 0;
    advance_handshake();
  }
}

void Connection::peer_fin(Instant now, Effects& effects) {
  if (abandoned_) return;
  const Call call(*this, now, effects);
  fin_ = true;
}

void Connection::write(std::span<const MutableBytes> pending, std::uint32_t budget, Instant now, Effects& effects) {
  if (abandoned_ || !writable() || ending_ != Ending::no) return;
  const Call call(*this, now, effects);
  outbound_.write(link_, pending, budget);
  if (outbound_.at_record_limit(link_.core)) fail(Error::record_limit);
}

void Connection::shutdown(Instant now, Effects& effects) {
  if (abandoned_ || ending_ != Ending::no) return;
  const Call call(*this, now, effects);
  outbound_.end_with(Alert::close_notify);
  if (established_) return;
  if (begun()) count_failed_handshake();
  phase_ = Phase::closing;
  ending_ = Ending::by_alert;
}

void Connection::job_done(crypto::Job& job, Instant now, Effects& effects) {
  --link_.jobs_in_flight;
  const bool in_handshake = handshake_ != nullptr && handshake_->holds(job);
  if (job.kind == JobKind::remote && !in_handshake)
    link_.core.forget_sessions.release(&static_cast<ForgetSession&>(job));
  if (abandoned_) {
    if (idle()) clear();
    return;
  }
  const Call call(*this, now, effects);
  if (in_handshake) {
    --handshake_->pending_jobs;
  } else if (job.kind == JobKind::tls13_key_update) {
    key_update_done(job);
  } else if (job.kind != JobKind::remote) {
    record_done(job);
  }
  take_opened_records();
}

void Connection::key_update_done(const crypto::Job& job) {
  const bool ours = outbound_.traffic.owns(job);
  const Error error = ours ? outbound_.key_update_done() : inbound_.key_update_done(link_);
  if (error == Error::none) return;
  fail(error);
  // Without keys for it there is no alert.
  if (ours) ending_ = Ending::by_force;
}

void Connection::timeout(Instant now, Effects& effects) {
  if (abandoned_ || !handshaking() || now < deadline_) return;
  const Call call(*this, now, effects);
  fail(Error::handshake_timeout);
}

void Connection::abandon() {
  abandoned_ = true;
  if (ending_ == Ending::no && !established_ && begun()) count_failed_handshake();
  ending_ = Ending::over;
  phase_ = Phase::closed;
  if (idle()) clear();
}

SessionInfo Connection::info() const {
  SessionInfo info;
  info.established = established_;
  info.version = negotiated_.version;
  info.cipher_suite = negotiated_.cipher_suite;
  info.group = negotiated_.group;
  info.signature_scheme = negotiated_.signature_scheme;
  info.hello_retry = negotiated_.hello_retry;
  info.resumed = negotiated_.resumed;
  info.early_data = negotiated_.early_data;
  info.server_name = {negotiated_.server_name.data(), negotiated_.server_name_size};
  info.alpn = {negotiated_.alpn.data(), negotiated_.alpn_size};
  info.client = negotiated_.client;
  info.phase = name(phase_);
  info.error = error_;
  info.peer_alert = peer_alert_;
  return info;
}

bool Connection::prepare_export(crypto::ExportJob& job) const {
  if (!established_ || negotiated_.exporter == nullptr) return false;
  negotiated_.exporter->prepare(job);
  return true;
}

// The handshake's life.

bool Connection::start_handshake() {
  Core& core = link_.core;
  if (is_client_)
    handshake_ = core.client_handshakes.make(link_, inbound_, outbound_, *client_config_, server_, negotiated_, phase_);
  else
    handshake_ = core.handshakes.make(link_, inbound_, outbound_, *config_, negotiated_, phase_);
  if (handshake_ == nullptr) {
    core.counters.pool_full.add();
    return false;
  }
  if (!is_client_ && !negotiated_.hello_forgotten) core.counters.handshakes_started.add();
  core.counters.handshakes_in_progress.add();
  handshake_->tolerates_change_cipher_spec = negotiated_.hello_forgotten;
  if (negotiated_.first_early_data) handshake_->early_data_to_skip = kMaxSkippedEarlyData;
  start_coroutine();
  advance_handshake();
  return ending_ == Ending::no;
}

bool Connection::start_coroutine() {
  handshake_->awaiting = HandshakeBase::Awaiting::nothing;
  if (!handshake_->start_successor()) return false;
  link_.core.largest_frame = std::max(link_.core.largest_frame, handshake_->frame.last_size());
  if (!handshake_->coroutine) fail(Error::no_memory);
  return true;
}

bool Connection::advance_handshake() {
  bool advanced = false;
  while (handshake_ != nullptr && handshaking() && handshake_->ready()) {
    advanced = true;
    handshake_->coroutine.resume();
    if (!handshake_->coroutine.done()) continue;
    const Error outcome = handshake_->coroutine.outcome();
    handshake_->coroutine.destroy();
    if (outcome != Error::none) {
      fail(outcome);
    } else if (start_coroutine()) {
      continue;
    } else if (handshake_->begins_anew) {
      release_handshake();
    } else {
      establish();
    }
  }
  return advanced;
}

void Connection::count_failed_handshake() {
  Counters& counters = link_.core.counters;
  (is_client_ ? counters.client_handshakes_failed : counters.handshakes_failed).add();
}

void Connection::establish() {
  established_ = true;
  phase_ = Phase::established;
  link_.effects->established = true;
  if (is_client_) return establish_client();
  Counters& counters = link_.core.counters;
  (negotiated_.version == Version::tls13 ? counters.handshakes_tls13 : counters.handshakes_tls12).add();
  if (negotiated_.resumed) counters.handshakes_resumed.add();
}

void Connection::establish_client() {
  Counters& counters = link_.core.counters;
  counters.client_handshakes.add();
  if (negotiated_.resumed) counters.client_handshakes_resumed.add();
  tickets_ = static_cast<ClientHandshake*>(handshake_)->receive_tickets();
}

void Connection::release_handshake() {
  if (handshake_ == nullptr) return;
  std::exchange(handshake_, nullptr)->release();
  link_.core.counters.handshakes_in_progress.subtract();
}

// The end.

void Connection::fail(Error error) {
  if (ending_ != Ending::no) return;
  Counters& counters = link_.core.counters;
  error_ = error;
  counters.errors[static_cast<std::size_t>(error)].add();
  if (!established_) count_failed_handshake();
  phase_ = Phase::closing;
  ending_ = Ending::by_alert;
  if (error != Error::truncated) forget_session();
  if (error == Error::peer_alert) counters.alerts_received.add();
  const bool nobody_reads = error == Error::truncated && !established_;
  // Nothing may follow our close_notify.
  if (error == Error::peer_alert || nobody_reads || outbound_.ending()) {
    ending_ = Ending::at_once;
  } else {
    outbound_.end_with(alert_of(error));
    if (error != Error::truncated) counters.alerts_sent.add();
  }
}

/// RFC 5246 section 7.2.2: a failed connection's session must not be resumed any more. (A missing close_notify is no
/// such failure since TLS 1.1, section 7.2.1.)
void Connection::forget_session() {
  if (!negotiated_.remembered) return;
  negotiated_.remembered = false;
  if (is_client_) return link_.core.forget(negotiated_.kept);
  Core& core = link_.core;
  const SessionId& id = negotiated_.session_id;
  if (id.core() == core.limits.core) return core.forget(id);
  ForgetSession* const question = core.forget_sessions.make(id);
  if (question != nullptr && link_.ask(*question)) return;
  if (question != nullptr) core.forget_sessions.release(question);
  core.counters.sessions_not_forgotten.add();
}

bool Connection::check_fin() {
  if (!fin_ || !input_exhausted_ || !inbound_.idle() || discards_input()) return false;
  if (handshake_ != nullptr && !established_ && !handshake_->wants_input()) return false;
  if (established_ && outbound_.ending()) {
    // Both sides are done: many peers answer close_notify with a bare FIN.
    peer_closed_ = link_.effects->peer_closed = true;
  } else {
    fail(Error::truncated);
  }
  return true;
}

void Connection::settle() {
  do {
    if (outbound_.pump(link_) != Error::none) {
      fail(Error::engine_failed);
      ending_ = Ending::by_force;
      break;
    }
  } while (advance_handshake() || check_fin());
  const bool handshake_over = handshake_ != nullptr && !handshaking();
  if (handshake_over && handshake_->pending_jobs == 0 && outbound_.idle()) release_handshake();
  // While the handshake computes, what it has read stays: that the input is disposed of tells the caller to come again.
  if (!handshaking() || handshake_ == nullptr || handshake_->wants_input()) inbound_.release_held(link_);
  report_end();
}

void Connection::report_end() {
  if (ending_ == Ending::over) return;
  if (ending_ == Ending::no) {
    if (outbound_.ended() && !output_ended_) output_ended_ = link_.effects->output_ended = true;
    if (output_ended_ && peer_closed_) ending_ = Ending::at_once;
  }
  if (ending_ == Ending::by_alert && outbound_.end_starved()) ending_ = Ending::by_force;
  if (ending_ == Ending::by_force) {
    link_.effects->close = Close::abort;
  } else if ((ending_ == Ending::by_alert && outbound_.ended()) || (ending_ == Ending::at_once && outbound_.idle())) {
    link_.effects->close = Close::after_output;
  } else {
    return;
  }
  ending_ = Ending::over;
  phase_ = Phase::closed;
}

void Connection::clear() {
  release_handshake();
  inbound_.clear(link_);
  outbound_.clear(link_);
  if (is_client_ && established_ && tickets_ != nullptr)
    link_.core.ticket_receivers.release(std::exchange(tickets_, nullptr));
  if (negotiated_.exporter != nullptr) link_.core.exporters.release(std::exchange(negotiated_.exporter, nullptr));
  if (negotiated_.client != nullptr) link_.core.client_identities.release(std::exchange(negotiated_.client, nullptr));
}

}  // namespace lockstep::tls
