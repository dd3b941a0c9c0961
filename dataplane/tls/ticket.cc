#include "dataplane/tls/ticket.h"

namespace lockstep::tls {

namespace {

// The name binds the ticket to its key, whatever keys have in common.
template <class RecordJob>
void set_key(RecordJob& job, const TicketKey& key) {
  static_assert(kTicketKeyName <= crypto::kMaxAdditionalData);
  job.keys = &key.keys;
  std::copy(key.name.begin(), key.name.end(), job.aad.begin());
  job.aad_size = static_cast<std::uint8_t>(key.name.size());
}

}  // namespace

void count_refused(Counters& counters, Resumption why) {
  switch (why) {
    case Resumption::possible:
      break;
    case Resumption::unknown:
      return counters.tickets_unknown.add();
    case Resumption::damaged:
      return counters.tickets_damaged.add();
    case Resumption::expired:
      return counters.tickets_expired.add();
    case Resumption::mismatched:
      return counters.tickets_mismatched.add();
  }
}

Bytes TicketSealer::seal(const TicketKey& key, Bytes plaintext, Random& random, MutableBytes out) {
  Writer ticket(out);
  ticket.bytes(key.name);
  random.fill(job.nonce);
  ticket.bytes(job.nonce);
  const MutableBytes sealed = ticket.reserve(plaintext.size() + crypto::kAeadTag);
  if (plaintext.empty() || !ticket.ok()) return {};
  set_key(job, key);
  job.plaintext[0] = plaintext;
  job.piece_count = 1;
  job.ciphertext = sealed.data();
  return ticket.written();
}

bool TicketOpener::prepare(const TicketKeys& keys, Bytes ticket) {
  Reader reader(ticket);
  const TicketKey* const key = keys.find(reader.bytes(kTicketKeyName));
  const Bytes nonce = reader.bytes(crypto::kAeadNonce);
  if (key == nullptr || !reader.ok() || ticket.size() <= kTicketOverhead || ticket.size() > kMaxTicket) return false;
  size_ = ticket.size() - kTicketOverhead;
  set_key(job, *key);
  std::copy(nonce.begin(), nonce.end(), job.nonce.begin());
  state_.assign(reader.bytes(size_));
  job.ciphertext[0] = state_.writable(size_);
  job.piece_count = 1;
  const Bytes tag = reader.rest();
  std::copy(tag.begin(), tag.end(), job.tag.begin());
  return true;
}

}  // namespace lockstep::tls
