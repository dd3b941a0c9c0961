#include "tests/bogo/flags.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <string_view>

namespace lockstep::bogo {
namespace {

/// Sets one flag in `settings` from `value`; false when the value makes no sense.
using Setter = std::function<bool(Settings&, const std::string& value)>;

std::optional<std::uint16_t> number(const std::string& text) {
  char* end = nullptr;
  const unsigned long value = std::strtoul(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || value > 0xffff) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

std::vector<std::uint8_t> bytes(const std::string& text) {
  return {text.begin(), text.end()};
}

std::vector<std::uint8_t> from_base64(const std::string& text) {
  std::vector<std::uint8_t> out(text.size());
  const int size =
      EVP_DecodeBlock(out.data(), reinterpret_cast<const std::uint8_t*>(text.data()), static_cast<int>(text.size()));
  out.resize(size < 0 ? 0 : static_cast<std::size_t>(size) - (text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0));
  return out;
}

template <class T>
Setter keep(T Settings::* member) {
  return [member](Settings& settings, const std::string& value) {
    settings.*member = value;
    return true;
  };
}
template <class T>
Setter number_to(T Settings::* member) {
  return [member](Settings& settings, const std::string& value) {
    const auto found = number(value);
    if (found) settings.*member = *found;
    return found.has_value();
  };
}
Setter switch_on(bool Settings::* member) {
  return [member](Settings& settings, const std::string&) { return settings.*member = true; };
}
Setter ignore() {
  return [](Settings&, const std::string&) { return true; };
}

/// Flags with a value.
const std::map<std::string_view, Setter>& valued() {
  static const std::map<std::string_view, Setter> flags = {
      {"min-version", number_to(&Settings::min_version)},
      {"max-version", number_to(&Settings::max_version)},
      {"cipher", keep(&Settings::cipher)},
      {"expect-server-name", keep(&Settings::expect_server_name)},
      {"expect-alpn", keep(&Settings::expect_alpn)},
      {"expect-curve-id", number_to(&Settings::expect_curve)},
      {"select-alpn",
       [](Settings& s, const std::string& value) {
         s.select_alpn = bytes(value);
         return true;
       }},
      {"ticket-key",
       [](Settings& s, const std::string& value) {
         s.ticket_key = from_base64(value);
         return s.ticket_key.size() == 48;
       }},
      {"key-file",
       [](Settings& s, const std::string& value) {
         s.key_files.push_back(value);
         return true;
       }},
      {"cert-file",
       [](Settings& s, const std::string& value) {
         s.certificate_files.push_back(value);
         return true;
       }},
      {"curves",
       [](Settings& s, const std::string& value) {
         const auto curve = number(value);
         if (curve) s.curves.push_back(*curve);
         return curve.has_value();
       }},
      {"signing-prefs",
       [](Settings& s, const std::string& value) {
         const auto scheme = number(value);
         if (scheme) s.signing.push_back(*scheme);
         return scheme.has_value();
       }},
      {"trust-cert", ignore()},           // every certificate is trusted, or none
      {"expect-msg-callback", ignore()},  // messages are not shown
  };
  return flags;
}

/// Flags without one.
const std::map<std::string_view, Setter>& switches() {
  const auto no_version = [](std::uint16_t version) {
    return [version](Settings& s, const std::string&) {
      if (version == s.max_version) s.max_version = static_cast<std::uint16_t>(version - 1);
      if (version == s.min_version) s.min_version = static_cast<std::uint16_t>(version + 1);
      return true;
    };
  };
  static const std::map<std::string_view, Setter> flags = {
      {"no-tls13", no_version(0x0304)},
      {"no-tls12", no_version(0x0303)},
      {"no-tls11", ignore()},  // never spoken
      {"no-tls1", ignore()},
      {"no-ssl3", ignore()},
      {"no-ticket", switch_on(&Settings::no_ticket)},
      {"shim-writes-first", switch_on(&Settings::writes_first)},
      {"shim-shuts-down", switch_on(&Settings::shuts_down)},
      {"check-close-notify", switch_on(&Settings::check_close_notify)},
      {"expect-session-miss", switch_on(&Settings::expect_session_miss)},
      {"expect-hrr", switch_on(&Settings::expect_retry)},
      {"expect-no-hrr", switch_on(&Settings::expect_no_retry)},
      {"verify-peer", switch_on(&Settings::verify_peer)},
      {"require-any-client-certificate", switch_on(&Settings::require_certificate)},
      {"verify-fail", switch_on(&Settings::verify_fail)},
      {"expect-verify-result", switch_on(&Settings::expect_verified)},
      {"use-custom-verify-callback", ignore()},  // there is one way
      // A session without I/O is asynchronous by nature, and its handshake is driven by what comes.
      {"async", ignore()},
      {"implicit-handshake", ignore()},
  };
  return flags;
}

bool strip(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return true;
}

/// Flags of the process, not of a connection; nullopt when `name` is none of them.
std::optional<bool> read_process_flag(std::string_view name, const std::string& value, Flags& flags, bool& took_value) {
  took_value = true;
  if (name == "port") {
    const auto port = number(value);
    flags.port = port.value_or(0);
    return flags.port != 0;
  }
  if (name == "shim-id") {
    flags.shim_id = std::strtoull(value.c_str(), nullptr, 10);
    return !value.empty();
  }
  if (name == "resume-count") {
    const auto count = number(value);
    flags.resumptions = count.value_or(0);
    return count.has_value();
  }
  took_value = false;
  if (name == "server") return flags.server = true;
  if (name == "ipv6") return flags.ipv6 = true;
  return std::nullopt;
}

}  // namespace

std::optional<FlagError> read_flags(int count, const char* const* arguments, Flags& flags) {
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    std::string_view name = argument;
    const bool initial = strip(name, "-on-initial-");
    const bool resumed = !initial && strip(name, "-on-resume-");
    if (!initial && !resumed) strip(name, "-");
    const std::string value = i + 1 < count ? arguments[i + 1] : "";
    bool took_value = false;
    std::optional<bool> good = initial || resumed ? std::nullopt : read_process_flag(name, value, flags, took_value);
    if (!good) {
      const auto with = valued().find(name);
      const auto without = switches().find(name);
      if (with == valued().end() && without == switches().end()) return FlagError{true, "unknown flag " + argument};
      took_value = with != valued().end();
      const Setter& set = took_value ? with->second : without->second;
      good = true;
      if (!resumed) good = set(flags.initial, value) && *good;
      if (!initial) good = set(flags.resumed, value) && *good;
    }
    if (!*good) return FlagError{false, "bad value '" + value + "' of " + argument};
    if (took_value) ++i;
  }
  return std::nullopt;
}

}  // namespace lockstep::bogo
