// From a flow to its connection.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/tcp/connection.h"

namespace lockstep::tcp {

/// Open addressing with linear probing, at most half full; removal shifts back, so that no markers pile up. Sized once.
class Table {
 public:
  explicit Table(std::uint32_t max_connections);

  /// The connection of `flow`, whose hash is `hash`; nullptr when there is none.
  Connection* find(std::uint32_t hash, const FlowTuple& flow) const;
  /// Adds `connection` by its flow and hash; there must be none of that flow.
  void insert(Connection& connection);
  /// Takes out `connection` if it is in.
  void erase(const Connection& connection);

  /// Staged look-up of a burst: first the bucket, then the connection.
  void prefetch_bucket(std::uint32_t hash) const { __builtin_prefetch(&buckets_[hash & mask_]); }
  void prefetch_connection(std::uint32_t hash) const;

 private:
  struct Bucket {
    Connection* connection = nullptr;
    std::uint32_t hash = 0;
  };
  std::vector<Bucket> buckets_;
  std::uint32_t mask_;
};

}  // namespace lockstep::tcp
