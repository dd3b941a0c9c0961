// A server with several handshakes in flight, over memory. What arrives and what is sent is moved outside the measured
// time; `start`, `serve` and `finish` are inside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "crypto/base/bytes.h"

namespace lockstep::bench {

using Buffer = std::vector<std::uint8_t>;

class Server {
 public:
  Server() = default;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  virtual ~Server() = default;

  /// Makes the connections, as when they were accepted.
  virtual void start() = 0;
  /// Bytes arrive for one of them.
  virtual void arrive(std::size_t connection, Bytes bytes) = 0;
  /// Does all that can be done with what has arrived.
  virtual void serve() = 0;
  /// Takes what one of them has sent.
  virtual Buffer take_output(std::size_t connection) = 0;
  virtual bool established(std::size_t connection) const = 0;
  /// Ends the connections and frees what they hold.
  virtual void finish() = 0;
};

}  // namespace lockstep::bench
