#include "control/tickets/ratchet.h"

#include <charconv>

#include "crypto/base/random.h"

namespace lockstep::tickets {
namespace {

constexpr std::string_view kTitle = "lockstep-ticket-state 1";
constexpr std::size_t kCheck = 8;
constexpr std::uint64_t kMaxLength = 86'400;  // of a slice, in seconds
constexpr const char* kRemedy = "; copy it again with 'lockstep ticket export'";

/// Ties the secret to the numbers beside it, so that a slip in any of them shows.
std::array<std::uint8_t, kCheck> check_of(const Secret32& secret, std::uint64_t slice, Duration length) {
  std::array<std::uint8_t, kCheck> check;
  expand(secret,
         "lockstep ticket state check " + std::to_string(length.ns / seconds(1).ns) + " " + std::to_string(slice),
         check);
  return check;
}

void append_hex(Writer& writer, Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const std::uint8_t byte : bytes) {
    writer.u8(static_cast<std::uint8_t>(kDigits[byte >> 4U]));
    writer.u8(static_cast<std::uint8_t>(kDigits[byte & 15U]));
  }
}

bool read_hex(std::string_view text, MutableBytes out) {
  if (text.size() != 2 * out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char* const first = text.data() + 2 * i;
    if (std::from_chars(first, first + 2, out[i], 16).ptr != first + 2) return false;
  }
  return true;
}

/// Takes "key value\n" off the front of `text`; false when it does not begin so.
bool take(std::string_view& text, std::string_view key, std::string_view& value) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || text.substr(0, key.size()) != key || text.substr(key.size(), 1) != " ")
    return false;
  value = text.substr(key.size() + 1, end - key.size() - 1);
  text.remove_prefix(end + 1);
  return true;
}

bool take_number(std::string_view& text, std::string_view key, std::uint64_t& number) {
  std::string_view value;
  if (!take(text, key, value)) return false;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc() && end == value.data() + value.size();
}

}  // namespace

Ratchet::Ratchet(Bytes secret, std::uint64_t slice, Duration length) : slice_(slice), length_(length) {
  secret_.assign(secret);
}

std::unique_ptr<Ratchet> Ratchet::copy() const {
  return std::make_unique<Ratchet>(secret_.expose(), slice_, length_);
}

Result<std::unique_ptr<Ratchet>, std::string> Ratchet::make(UnixTime now, Duration length) {
  Secret32 secret;
  if (!fill_from_kernel(secret.writable()))
    return Failure{std::string("the kernel gives no random bytes; check getrandom(2)")};
  return std::make_unique<Ratchet>(secret.expose(), slice_at(now, length), length);
}

void Ratchet::step() {
  expand(secret_, "lockstep ticket ratchet", secret_.writable());
  ++slice_;
}

std::string Ratchet::catch_up(std::uint64_t slice) {
  if (slice > slice_ && slice - slice_ > kMaxSteps)
    return "its slice, " + std::to_string(slice_) + ", is " + std::to_string(slice - slice_) +
           " slices behind the clock; check the clock, or import a state of today";
  while (slice_ < slice) step();
  return {};
}

std::unique_ptr<Key> Ratchet::key() const {
  auto key = derive_key(secret_);
  key->since = static_cast<UnixTime>(slice_) * length_.ns;
  key->ended = key->since + length_.ns;
  return key;
}

std::unique_ptr<Key> Ratchet::next_key() const {
  const std::unique_ptr<Ratchet> next = copy();
  next->step();
  return next->key();
}

StateText::StateText(const Ratchet& ratchet) {
  Writer writer(text_.writable());
  const std::string numbers = std::string(kTitle) + "\nslice_seconds " +
                              std::to_string(ratchet.length_.ns / seconds(1).ns) + "\nslice " +
                              std::to_string(ratchet.slice_) + "\nsecret ";
  writer.bytes(text_bytes(numbers));
  append_hex(writer, ratchet.secret_.expose());
  writer.bytes(text_bytes("\ncheck "));
  append_hex(writer, check_of(ratchet.secret_, ratchet.slice_, ratchet.length_));
  writer.u8('\n');
  size_ = writer.size();
}

Result<std::unique_ptr<Ratchet>, std::string> StateText::parse(std::string_view text) {
  const auto wrong = [](const std::string& what) { return Failure{what + kRemedy}; };
  if (text.substr(0, kTitle.size() + 1) != std::string(kTitle) + "\n")
    return wrong("it does not begin with \"" + std::string(kTitle) + "\"");
  text.remove_prefix(kTitle.size() + 1);
  std::uint64_t length = 0, slice = 0;
  if (!take_number(text, "slice_seconds", length) || length == 0 || length > kMaxLength)
    return wrong("its second line is no \"slice_seconds\" from 1 to 86400");
  if (!take_number(text, "slice", slice) || slice > static_cast<std::uint64_t>(INT64_MAX / seconds(1).ns) / 2 / length)
    return wrong("its third line is no \"slice\" with a number of this millennium");
  std::string_view hex;
  Secret32 secret;
  if (!take(text, "secret", hex) || !read_hex(hex, secret.writable()))
    return wrong("its fourth line is no \"secret\" with 64 hexadecimal digits");
  std::array<std::uint8_t, kCheck> check{};
  if (!take(text, "check", hex) || !read_hex(hex, check) || !text.empty())
    return wrong("its fifth and last line is no \"check\" with 16 hexadecimal digits");
  auto ratchet = std::make_unique<Ratchet>(secret.expose(), slice, seconds(static_cast<std::int64_t>(length)));
  if (check != check_of(secret, slice, ratchet->length()))
    return wrong("it was damaged: its last line does not belong to the others");
  return ratchet;
}

}  // namespace lockstep::tickets
