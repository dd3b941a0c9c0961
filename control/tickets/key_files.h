// Ticket key files as nginx and HAProxy have them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/tickets/key_ring.h"
#include "crypto/base/result.h"

namespace lockstep::tickets {

/// Keys in the order of age, newest first, as KeyRing::assign takes them.
struct FileKeys {
  std::vector<std::unique_ptr<Key>> keys;
  std::size_t sealing = 0;
};

/// nginx (ssl_session_ticket_key): a key of 48 or 80 bytes; of several files the first one's seals. HAProxy
/// (tls-ticket-keys): lines of base64, each of a key of the same 48 or 80 bytes; the last three count, the penultimate
/// one seals. `text` is a file's whole content, `alone` says that no other file is used. The error says what is wrong
/// and what to do, and shows nothing of the content.
Result<FileKeys, std::string> parse_key_file(std::string_view text, bool alone);

}  // namespace lockstep::tickets
