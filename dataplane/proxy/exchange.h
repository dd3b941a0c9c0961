// What a built-in service sees of its connection.
#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/base/mbuf.h"
#include "dataplane/proxy/pattern.h"

namespace lockstep::proxy {

/// How far a drain has come for one connection.
enum class Drain : std::uint8_t {
  none,
  after_answer,  // the connection was not yet established when the drain began: one more answer, then close
  when_idle,     // close as soon as no answer is under way
};

/// One call's view: plaintext in and out. Lives for the call only.
struct Exchange {
  Chain& input;         // from the client, not yet taken; take from its front
  bool input_ended;     // nothing follows behind `input`
  Chain& output;        // to the client; append behind it
  std::uint32_t limit;  // size up to which `output` may grow
  Drain drain;
  std::int64_t unix_seconds;
  MbufPools& pools;
  Patterns& patterns;

  /// How many bytes may be appended now.
  std::uint32_t room() const { return output.size() < limit ? limit - output.size() : 0; }
};

/// What an application waits for.
enum class AppStatus : std::uint8_t {
  waiting,     // for any input, or for room
  more_input,  // needs bytes behind those in `input`, which it left there
  starved,     // a buffer pool is empty: to be called again later
  finished,    // all output is appended: close behind it
};

/// Appends a copy of `text` (at most MbufPools::kPacketRoom bytes) to the output; false when there is no buffer.
[[nodiscard]] bool append_text(Exchange& exchange, std::string_view text);

}  // namespace lockstep::proxy
