#include "tests/sim/ethernet.h"

#include <algorithm>

#include "dataplane/io/classifier.h"

namespace lockstep::sim {

namespace {

constexpr std::size_t kEthernetHeader = 14;

Frame frame_of(const rte_mbuf& mbuf) {
  Frame frame;
  frame.reserve(mbuf.pkt_len);
  for (const rte_mbuf* piece = &mbuf; piece != nullptr; piece = piece->next) {
    const auto* const data = rte_pktmbuf_mtod(piece, const std::uint8_t*);
    frame.insert(frame.end(), data, data + piece->data_len);
  }
  return frame;
}

bool is_ip(const Frame& frame) {
  return frame.size() > kEthernetHeader + 20 &&
         ((frame[12] == 0x08 && frame[13] == 0x00) || (frame[12] == 0x86 && frame[13] == 0xdd));
}

}  // namespace

std::size_t EthernetPort::receive(std::span<rte_mbuf*> out) {
  std::size_t count = 0;
  while (count < out.size() && !inbox_.empty()) {
    MbufPtr mbuf = pools_.packet();
    const Frame& frame = inbox_.front();
    if (mbuf == nullptr || frame.size() > rte_pktmbuf_tailroom(mbuf.get())) {
      ++ethernet_.counters_.no_buffer;
    } else {
      std::copy(frame.begin(), frame.end(), rte_pktmbuf_mtod(mbuf.get(), std::uint8_t*));
      mbuf->data_len = static_cast<std::uint16_t>(frame.size());
      mbuf->pkt_len = mbuf->data_len;
      out[count++] = mbuf.release();
    }
    inbox_.pop_front();
  }
  return count;
}

std::size_t EthernetPort::transmit(std::span<rte_mbuf*> frames) {
  for (rte_mbuf* const mbuf : frames) {
    ethernet_.send(station_, frame_of(*mbuf));
    rte_pktmbuf_free(mbuf);
  }
  return frames.size();
}

Ethernet::Ethernet(const Impairments& impairments, std::uint64_t seed)
    : impairments_(impairments), random_(Random::from_number(seed)), hash_(random_) {}

std::size_t Ethernet::attach(const net::MacAddress& mac, const std::vector<MbufPools*>& pools) {
  Station station;
  station.mac = mac;
  for (MbufPools* const one : pools)
    station.ports.push_back(std::make_unique<EthernetPort>(*this, stations_.size(), *one));
  stations_.push_back(std::move(station));
  return stations_.size() - 1;
}

bool Ethernet::owns(std::size_t station, std::size_t worker, const FlowTuple& flow) const {
  return share_of(hash_(flow), static_cast<std::uint32_t>(stations_[station].ports.size())) == worker;
}

void Ethernet::send(std::size_t from, Frame frame) {
  ++counters_.sent;
  if (!stations_[from].connected || frame.size() < kEthernetHeader) {
    ++counters_.lost;
    return;
  }
  const bool group = (frame[0] & 1U) != 0;
  for (std::size_t to = 0; to < stations_.size(); ++to) {
    if (to == from) continue;
    if (group || std::equal(stations_[to].mac.begin(), stations_[to].mac.end(), frame.begin()))
      send_to(from, to, frame);
  }
}

void Ethernet::send_to(std::size_t from, std::size_t to, const Frame& frame) {
  Instant leaves = now_;
  if (impairments_.bytes_per_second != 0) {
    Station& station = stations_[from];
    const auto time = [&](std::size_t bytes) {
      return nanoseconds(static_cast<std::int64_t>(bytes * 1'000'000'000 / impairments_.bytes_per_second));
    };
    station.line_free = std::max(station.line_free, now_);
    if (station.line_free - now_ > time(frame.size()) * static_cast<std::int64_t>(impairments_.queue_limit)) {
      ++counters_.lost;
      return;
    }
    station.line_free = station.line_free + time(frame.size());
    leaves = station.line_free;
  }
  if (happens(impairments_.loss)) {
    ++counters_.lost;
    return;
  }
  Instant arrival = leaves + impairments_.delay;
  if (happens(impairments_.reorder)) {
    ++counters_.reordered;
    arrival = arrival + nanoseconds(random_.below(static_cast<std::uint32_t>(impairments_.jitter.ns)));
  }
  if (happens(impairments_.duplicate)) {
    ++counters_.duplicated;
    put_under_way(to, frame, arrival + nanoseconds(random_.below(static_cast<std::uint32_t>(impairments_.jitter.ns))));
  }
  Frame copy = frame;
  if (is_ip(copy) && happens(impairments_.corrupt)) damage(copy);
  put_under_way(to, std::move(copy), arrival);
}

void Ethernet::damage(Frame& frame) {
  ++counters_.corrupted;
  const std::size_t at = kEthernetHeader + random_.below(static_cast<std::uint32_t>(frame.size() - kEthernetHeader));
  frame[at] = static_cast<std::uint8_t>(frame[at] ^ (1 + random_.below(255)));
}

void Ethernet::put_under_way(std::size_t to, Frame frame, Instant arrival) {
  under_way_.emplace(arrival, UnderWay{to, std::move(frame)});
}

void Ethernet::deliver(Station& station, Frame frame) {
  if (!station.connected) {
    ++counters_.lost;
    return;
  }
  ++counters_.delivered;
  capture_.write(frame, now_);
  const io::FrameClass found = io::classify(frame);
  if (found.kind == io::FrameClass::Kind::everyone)
    for (std::size_t worker = 1; worker < station.ports.size(); ++worker)
      station.ports[worker]->inbox_.push_back(frame);
  std::size_t worker = 0;
  if (found.kind == io::FrameClass::Kind::flow)
    worker = share_of(hash_(found.source, found.destination), static_cast<std::uint32_t>(station.ports.size()));
  station.ports[worker]->inbox_.push_back(std::move(frame));
}

void Ethernet::advance(Instant now) {
  now_ = now;
  while (!under_way_.empty() && under_way_.begin()->first <= now) {
    auto arrived = under_way_.extract(under_way_.begin());
    deliver(stations_[arrived.mapped().to], std::move(arrived.mapped().frame));
  }
}

}  // namespace lockstep::sim
