#include "dataplane/tcp/table.h"

#include <bit>

namespace lockstep::tcp {

Table::Table(std::uint32_t max_connections)
    : buckets_(std::bit_ceil(std::size_t{max_connections} * 2 + 2)),
      mask_(static_cast<std::uint32_t>(buckets_.size() - 1)) {}

Connection* Table::find(std::uint32_t hash, const FlowTuple& flow) const {
  for (std::uint32_t i = hash & mask_; buckets_[i].connection != nullptr; i = (i + 1) & mask_)
    if (buckets_[i].hash == hash && buckets_[i].connection->flow == flow) return buckets_[i].connection;
  return nullptr;
}

void Table::insert(Connection& connection) {
  std::uint32_t i = connection.hash & mask_;
  while (buckets_[i].connection != nullptr) i = (i + 1) & mask_;
  buckets_[i] = {&connection, connection.hash};
}

void Table::erase(const Connection& connection) {
  std::uint32_t hole = connection.hash & mask_;
  while (buckets_[hole].connection != &connection) {
    if (buckets_[hole].connection == nullptr) return;
    hole = (hole + 1) & mask_;
  }
  // Move back whatever would not be found any more across the hole.
  for (std::uint32_t i = (hole + 1) & mask_; buckets_[i].connection != nullptr; i = (i + 1) & mask_) {
    const std::uint32_t home = buckets_[i].hash & mask_;
    if (((i - home) & mask_) < ((i - hole) & mask_)) continue;
    buckets_[hole] = buckets_[i];
    hole = i;
  }
  buckets_[hole] = {};
}

void Table::prefetch_connection(std::uint32_t hash) const {
  for (std::uint32_t i = hash & mask_; buckets_[i].connection != nullptr; i = (i + 1) & mask_) {
    if (buckets_[i].hash != hash) continue;
    const auto* const lines = reinterpret_cast<const char*>(buckets_[i].connection);
    __builtin_prefetch(lines);
    __builtin_prefetch(lines + 64);
    return;
  }
}

}  // namespace lockstep::tcp
