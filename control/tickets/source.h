// Where ticket keys come from: what the three kinds have in common.
#pragma once

#include <memory>
#include <string>

#include "control/tickets/key_ring.h"
#include "control/tickets/material.h"

namespace lockstep::tickets {

/// Used by one thread.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// Takes over a configuration: the first one right after construction, others when the service reloads. Keys whose
  /// time is not over stay as far as the kind of source allows. An empty string, or what is wrong and what to do.
  virtual std::string configure(const config::Tickets& config, Material material, Duration lifetime, UnixTime now) = 0;
  /// Brings the keys up to `now`; true when they have changed.
  virtual bool advance(UnixTime now) = 0;
  /// Has the next key seal at once. An empty string, or why not and what to do.
  virtual std::string rotate(UnixTime now) = 0;

  const KeyRing& ring() const { return ring_; }
  /// Keys that have begun to seal since the first.
  std::uint64_t rotations() const { return rotations_; }
  /// What keeps the source from doing all it should; empty when nothing does.
  const std::string& problem() const { return problem_; }

 protected:
  KeyRing ring_;
  std::uint64_t rotations_ = 0;
  std::string problem_;
};

std::unique_ptr<Source> make_source(config::TicketSource kind);
std::unique_ptr<Source> make_random_source();
std::unique_ptr<Source> make_file_source();
std::unique_ptr<Source> make_fleet_source();

}  // namespace lockstep::tickets
