// What a client says and what it must hear: one kind of talk per built-in service.
#pragma once

#include <memory>
#include <string>

#include "crypto/base/random.h"

namespace lockstep::sim {

enum class Talk : std::uint8_t { echo, http, chargen, daytime, discard };

class Conversation {
 public:
  virtual ~Conversation() = default;
  /// The next bytes to say; empty when all is said.
  virtual std::string say(std::size_t at_most) = 0;
  /// Takes bytes heard. They must be what was expected: else `complaint` is set.
  virtual void hear(std::string_view bytes) = 0;
  /// Everything was said and heard.
  virtual bool complete() const = 0;
  /// The server ends the conversation, not the client.
  virtual bool server_ends() const { return false; }

  const std::string& complaint() const { return complaint_; }

 protected:
  void complain(const std::string& what) {
    if (complaint_.empty()) complaint_ = what;
  }

 private:
  std::string complaint_;
};

/// `bytes` is about how much goes in each direction (for chargen: the service's own number).
std::unique_ptr<Conversation> make_conversation(Talk talk, std::uint32_t bytes, Random& random);

/// Byte `position` of the stream that clients send; differs by `salt`.
char spoken_byte(std::uint64_t salt, std::uint64_t position);

}  // namespace lockstep::sim
