#include "tests/sim/conversation.h"

#include <algorithm>
#include <array>
#include <deque>

#include "crypto/base/sha2.h"

namespace lockstep::sim {

char spoken_byte(std::uint64_t salt, std::uint64_t position) {
  return static_cast<char>(((position + salt) * 0x9e3779b97f4a7c15U) >> 31U);
}

namespace {

std::string spoken(std::uint64_t salt, std::uint64_t position, std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = spoken_byte(salt, position + i);
  return text;
}

/// RFC 862: what is said comes back.
class Echo final : public Conversation {
 public:
  Echo(std::uint32_t bytes, std::uint64_t salt) : bytes_(bytes), salt_(salt) {}
  std::string say(std::size_t at_most) override {
    const std::size_t size = std::min<std::size_t>(at_most, bytes_ - said_);
    std::string text = spoken(salt_, said_, size);
    said_ += size;
    return text;
  }
  void hear(std::string_view bytes) override {
    if (heard_ + bytes.size() > said_) return complain("echo: more than was said");
    if (bytes != spoken(salt_, heard_, bytes.size())) complain("echo: other bytes than were said");
    heard_ += bytes.size();
  }
  bool complete() const override { return heard_ == bytes_; }

 private:
  const std::uint64_t bytes_;
  const std::uint64_t salt_;
  std::uint64_t said_ = 0;
  std::uint64_t heard_ = 0;
};

/// RFC 863: what is said disappears.
class Discard final : public Conversation {
 public:
  explicit Discard(std::uint32_t bytes) : bytes_(bytes) {}
  std::string say(std::size_t at_most) override {
    const std::size_t size = std::min<std::size_t>(at_most, bytes_ - said_);
    said_ += size;
    return std::string(size, 'd');
  }
  void hear(std::string_view bytes) override {
    if (!bytes.empty()) complain("discard: an answer");
  }
  bool complete() const override { return said_ == bytes_; }

 private:
  const std::uint64_t bytes_;
  std::uint64_t said_ = 0;
};

/// RFC 864: lines of 72 printing characters, each beginning one further.
class Chargen final : public Conversation {
 public:
  explicit Chargen(std::uint32_t bytes) : bytes_(bytes) {}
  std::string say(std::size_t) override { return {}; }
  void hear(std::string_view bytes) override {
    for (const char c : bytes) {
      const std::uint64_t column = heard_ % 74;
      const std::uint64_t line = heard_ / 74;
      const char expected = column == 72 ? '\r' : column == 73 ? '\n' : static_cast<char>(' ' + (line + column) % 95);
      if (c != expected) return complain("chargen: byte " + std::to_string(heard_) + " is wrong");
      ++heard_;
    }
    if (heard_ > bytes_) complain("chargen: more than configured");
  }
  bool complete() const override { return heard_ == bytes_; }
  bool server_ends() const override { return true; }

 private:
  const std::uint64_t bytes_;
  std::uint64_t heard_ = 0;
};

/// RFC 867: one line.
class Daytime final : public Conversation {
 public:
  std::string say(std::size_t) override { return {}; }
  void hear(std::string_view bytes) override {
    heard_ += bytes;
    if (heard_.find('\n') != std::string::npos && heard_.find('\n') + 1 != heard_.size())
      complain("daytime: more than one line");
    if (heard_.size() > 100) complain("daytime: a long line");
  }
  bool complete() const override { return heard_.size() > 10 && heard_.back() == '\n'; }
  bool server_ends() const override { return true; }

 private:
  std::string heard_;
};

/// Pipelined requests on one connection.
class Http final : public Conversation {
 public:
  Http(std::uint32_t bytes, Random& random) {
    for (std::uint32_t n = 1 + random.below(5); n > 0; --n) {
      const std::uint32_t size = random.below(bytes + 1);
      switch (random.below(3)) {
        case 0:
          requests_ += "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
          expected_.push_back({Body::page, 0, {}});
          break;
        case 1:
          requests_ += "GET /bytes/" + std::to_string(size) + " HTTP/1.1\r\nHost: example.org\r\n\r\n";
          expected_.push_back({Body::letters, size, {}});
          break;
        default:
          post(spoken(random.u64(), 0, size));
      }
    }
  }
  std::string say(std::size_t at_most) override {
    const std::size_t size = std::min(at_most, requests_.size() - said_);
    said_ += size;
    return requests_.substr(said_ - size, size);
  }
  void hear(std::string_view bytes) override {
    unread_ += bytes;
    while (complaint().empty() && !unread_.empty() && one_answer()) {
    }
  }
  bool complete() const override { return said_ == requests_.size() && expected_.empty() && unread_.empty(); }

 private:
  enum class Body : std::uint8_t { page, letters, exact };
  struct Expected {
    Body body;
    std::size_t size;
    std::string text;
  };

  void post(const std::string& body) {
    requests_ += "POST /upload HTTP/1.1\r\nHost: example.org\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n\r\n" + body;
    RunningHash hash(Hash::sha256);
    hash.update({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
    std::array<std::uint8_t, 64> digest{};
    hash.digest(digest);
    std::string hex;
    for (std::size_t i = 0; i < 32; ++i) {
      hex += "0123456789abcdef"[digest[i] >> 4U];
      hex += "0123456789abcdef"[digest[i] & 15U];
    }
    expected_.push_back({Body::exact, 0, hex});
  }

  /// Takes one whole answer off the front; false when it has not come yet.
  bool one_answer() {
    if (expected_.empty()) {
      complain("http: an answer that nobody asked for");
      return false;
    }
    const std::size_t end = unread_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const std::string head = unread_.substr(0, end + 4);
    if (head.rfind("HTTP/1.1 200 ", 0) != 0) complain("http: " + head.substr(0, head.find('\r')));
    const std::size_t field = head.find("Content-Length: ");
    if (field == std::string::npos) {
      complain("http: no length");
      return false;
    }
    const std::size_t size = std::stoul(head.substr(field + 16));
    if (unread_.size() < head.size() + size) return false;
    judge(expected_.front(), unread_.substr(head.size(), size));
    unread_.erase(0, head.size() + size);
    expected_.pop_front();
    return true;
  }
  void judge(const Expected& expected, const std::string& body) {
    switch (expected.body) {
      case Body::page:
        if (body.empty()) complain("http: an empty page");
        break;
      case Body::letters:
        if (body.size() != expected.size) complain("http: a body of another size");
        for (std::size_t i = 0; i < body.size(); ++i)
          if (body[i] != static_cast<char>('a' + i % 26))
            return complain("http: byte " + std::to_string(i) + " is wrong");
        break;
      case Body::exact:
        if (body.find(expected.text) == std::string::npos)
          complain("http: another hash than that of the upload: " + body);
        break;
    }
  }

  std::string requests_;
  std::size_t said_ = 0;
  std::deque<Expected> expected_;
  std::string unread_;
};

}  // namespace

std::unique_ptr<Conversation> make_conversation(Talk talk, std::uint32_t bytes, Random& random) {
  switch (talk) {
    case Talk::echo:
      return std::make_unique<Echo>(bytes, random.u64());
    case Talk::http:
      return std::make_unique<Http>(bytes, random);
    case Talk::chargen:
      return std::make_unique<Chargen>(bytes);
    case Talk::daytime:
      return std::make_unique<Daytime>();
    case Talk::discard:
      return std::make_unique<Discard>(bytes);
  }
  return nullptr;
}

}  // namespace lockstep::sim
