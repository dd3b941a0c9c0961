// The service's ticket keys: one source, and what there is to publish and to show.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/tickets/source.h"

namespace lockstep::tickets {

enum class Use : std::uint8_t { next, sealing, previous };
/// "next", "sealing", "previous".
const char* name(Use use);

/// One key as an operator sees it: nothing of its secret.
struct KeyView {
  std::string name;  // the first 8 bytes in hexadecimal
  Use use = Use::sealing;
  UnixTime since = 0;             // when it began to seal, or is to begin
  std::optional<UnixTime> until;  // when its last ticket ends, as far as is known
};

struct View {
  std::string source;
  std::vector<KeyView> keys;  // newest first
  std::uint64_t rotations = 0;
  std::string problem;  // empty: none
  /// When the key that seals began to.
  UnixTime sealing_since() const;
};

/// Used by one thread.
class Keeper {
 public:
  /// Starts with `material`, which belongs to `config`. The error says what to do.
  static Result<std::unique_ptr<Keeper>, std::string> create(const config::Config& config, Material material,
                                                             UnixTime now);
  /// Takes over another configuration. Of another source, or other slices, the keys of before are forgotten. An empty
  /// string, or what is wrong and what to do; there are keys then, too.
  std::string configure(const config::Config& config, Material material, UnixTime now);

  /// Brings the keys up to `now`; true when they have changed. To be called regularly.
  bool advance(UnixTime now) { return source_->advance(now); }
  /// Has the next key seal at once. An empty string, or why not and what to do.
  std::string rotate(UnixTime now) { return source_->rotate(now); }

  /// The keys for a snapshot.
  std::shared_ptr<const tls::TicketKeys> keys() const { return source_->ring().publishable(instance_); }
  View view() const;

 private:
  Keeper() = default;

  config::TicketSource kind_{};
  std::unique_ptr<Source> source_;
  Duration lifetime_{};
  std::array<std::uint8_t, 16> instance_{};
};

}  // namespace lockstep::tickets
