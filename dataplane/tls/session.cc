#include "dataplane/tls/session.h"

#include <new>

#include "dataplane/tls/connection.h"

namespace lockstep::tls {

Session::Session(Core& core, const ServerConfig& config, crypto::JobOwner owner, Instant now) {
  static_assert(sizeof(Connection) <= kConnectionSize && alignof(Connection) <= 16);
  ::new (static_cast<void*>(storage_.data())) Connection(core, config, owner, now);
}

Session::Session(Core& core, const ClientConfig& config, std::uint32_t server, crypto::JobOwner owner, Instant now) {
  ::new (static_cast<void*>(storage_.data())) Connection(core, config, server, owner, now);
}

Session::~Session() {
  connection().~Connection();
}

Connection& Session::connection() {
  return *std::launder(reinterpret_cast<Connection*>(storage_.data()));
}

const Connection& Session::connection() const {
  return *std::launder(reinterpret_cast<const Connection*>(storage_.data()));
}

void Session::receive(std::span<const MutableBytes> unread, Instant now, Effects& effects) {
  connection().receive(unread, now, effects);
}

void Session::peer_fin(Instant now, Effects& effects) {
  connection().peer_fin(now, effects);
}

void Session::write(std::span<const MutableBytes> pending, std::uint32_t budget, Instant now, Effects& effects) {
  connection().write(pending, budget, now, effects);
}

void Session::shutdown(Instant now, Effects& effects) {
  connection().shutdown(now, effects);
}

void Session::job_done(crypto::Job& job, Instant now, Effects& effects) {
  connection().job_done(job, now, effects);
}

void Session::timeout(Instant now, Effects& effects) {
  connection().timeout(now, effects);
}

bool Session::prepare_export(crypto::ExportJob& job) const {
  return connection().prepare_export(job);
}

Instant Session::deadline() const {
  return connection().deadline();
}

void Session::abandon() {
  connection().abandon();
}

bool Session::idle() const {
  return connection().idle();
}

bool Session::writable() const {
  return connection().writable();
}

bool Session::established() const {
  return connection().established();
}

bool Session::config_released() const {
  return connection().config_released();
}

SessionInfo Session::info() const {
  return connection().info();
}

}  // namespace lockstep::tls
