#include "dataplane/io/device.h"

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <sys/socket.h>

#include <algorithm>

#include "dataplane/io/packet_socket.h"

namespace lockstep::io {

namespace {

constexpr std::uint16_t kFrameOverhead = 14 + 2 * 4;  // Ethernet header and two VLAN tags
constexpr std::uint64_t kTcpRss = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;
constexpr std::uint64_t kReceiveChecksums = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM;

/// The id of the port whose device has this name; PCI addresses may be given without their domain.
std::optional<std::uint16_t> find_port(const std::string& device) {
  const std::string name = device.substr(0, device.find(','));
  std::uint16_t id = 0;
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id) == 0) return id;
  if (rte_eth_dev_get_port_by_name(("0000:" + name).c_str(), &id) == 0) return id;
  return std::nullopt;
}

std::string known_ports() {
  std::string names;
  for (std::uint16_t id = static_cast<std::uint16_t>(rte_eth_find_next(0)); id < RTE_MAX_ETHPORTS;
       id = static_cast<std::uint16_t>(rte_eth_find_next(id + 1))) {
    char name[RTE_ETH_NAME_MAX_LEN];
    if (rte_eth_dev_get_name_by_port(id, name) == 0) names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return names.empty() ? "none" : names;
}

/// Drivers that hand frames to the kernel compute checksums in software, as we do; then it is done in one place.
bool has_hardware(const std::string& driver) {
  return driver != "net_tap" && driver != "net_af_packet" && driver != "net_pcap";
}

/// Whether the port can spread TCP by a key and a table of ours.
bool can_predict_rss(const rte_eth_dev_info& info) {
  return (info.flow_type_rss_offloads & RTE_ETH_RSS_NONFRAG_IPV4_TCP) != 0 &&
         info.hash_key_size >= HardwareRss::kMinKey && info.reta_size != 0;
}

rte_eth_dev_info info_of(std::uint16_t id) {
  rte_eth_dev_info info{};
  if (rte_eth_dev_info_get(id, &info) != 0) info = {};
  return info;
}

}  // namespace

Result<std::unique_ptr<Device>, std::string> Device::open(const PortConfig& config,
                                                          const std::vector<MbufPools*>& pools) {
  const auto id = find_port(config.device);
  if (!id) {
    return Failure{
        "port '" + config.name + "': there is no device '" + config.device + "' (devices found: " + known_ports() +
        "); check its spelling, and for a PCI device that it is bound to vfio-pci (dpdk-devbind.py --status)"};
  }
  std::unique_ptr<Device> device(new Device(config, *id));
  if (auto error = device->set_up(pools)) return Failure{std::move(*error)};
  return device;
}

Device::~Device() {
  if (started_) (void)rte_eth_dev_stop(id_);
  (void)rte_eth_dev_close(id_);
}

std::string Device::failure(const std::string& what, int error) const {
  return "port '" + config_.name + "' (" + config_.device + "): " + what + ": " + rte_strerror(-error);
}

std::optional<std::string> Device::set_up(const std::vector<MbufPools*>& pools) {
  const rte_eth_dev_info info = info_of(id_);
  info_.driver = info.driver_name != nullptr ? info.driver_name : "unknown";
  const auto workers = static_cast<std::uint16_t>(pools.size());
  if (workers > 1 && can_predict_rss(info) && info.max_rx_queues >= workers && info.max_tx_queues >= workers) {
    std::uint8_t seed[32];
    if (!fill_from_kernel(seed)) return "port '" + config_.name + "': the kernel gives no random numbers";
    Random random{Bytes(seed)};
    rss_.emplace(info.hash_key_size, info.reta_size, workers, random);
    rss_types_ = info.flow_type_rss_offloads & kTcpRss;
    if (auto error = start(pools, workers)) return error;
    if (apply_rss()) return std::nullopt;
    // The port does not do what was asked: one queue, and the flows are spread in software.
    rss_.reset();
    rss_types_ = 0;
    started_ = false;
    if (const int error = rte_eth_dev_stop(id_); error != 0)
      return failure("cannot stop it to change its queues", error);
  }
  return start(pools, 1);
}

std::optional<std::string> Device::start(const std::vector<MbufPools*>& pools, std::uint16_t queues) {
  if (auto error = configure(queues)) return error;
  if (auto error = set_mtu()) return error;
  if (auto error = set_up_queues(pools, queues)) return error;
  if (const int error = rte_eth_dev_start(id_); error != 0) return failure("cannot start it", error);
  started_ = true;
  dropped_ = std::vector<Counter>(queues);
  find_wait_descriptor();
  return set_filters();
}

std::optional<std::string> Device::configure(std::uint16_t queues) {
  const rte_eth_dev_info info = info_of(id_);
  rte_eth_conf conf{};
  const bool hardware = has_hardware(info_.driver);
  receive_offloads_ = transmit_offloads_ = 0;
  if (hardware && (info.rx_offload_capa & kReceiveChecksums) == kReceiveChecksums)
    receive_offloads_ |= kReceiveChecksums;
  if (hardware)
    transmit_offloads_ |= info.tx_offload_capa & (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM);
  transmit_offloads_ |= info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
  if (std::uint32_t{config_.mtu} + kFrameOverhead > MbufPools::kPacketRoom) {
    receive_offloads_ |= info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
    if ((receive_offloads_ & RTE_ETH_RX_OFFLOAD_SCATTER) == 0) {
      return failure("mtu " + std::to_string(config_.mtu) + " needs frames in several buffers, which the driver " +
                         info_.driver + " cannot receive; the largest is " +
                         std::to_string(MbufPools::kPacketRoom - kFrameOverhead),
                     -EINVAL);
    }
  }
  conf.rxmode.mtu = config_.mtu;
  conf.rxmode.offloads = receive_offloads_;
  conf.txmode.offloads = transmit_offloads_;
  if (queues > 1) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_key = const_cast<std::uint8_t*>(rss_->key().data());
    conf.rx_adv_conf.rss_conf.rss_key_len = static_cast<std::uint8_t>(rss_->key().size());
    conf.rx_adv_conf.rss_conf.rss_hf = rss_types_;
  }
  // Of net_tap only: its descriptor needs no acknowledgement, so that waiting on it is all there is to it.
  conf.intr_conf.rxq = info_.driver == "net_tap" ? 1 : 0;
  if (const int error = rte_eth_dev_configure(id_, queues, queues, &conf); error != 0)
    return failure(
        "it refuses its configuration (" + std::to_string(queues) + " queues, mtu " + std::to_string(config_.mtu) + ")",
        error);
  info_.queues = queues;
  info_.hardware_rss = queues > 1;
  info_.receive_checksums = (receive_offloads_ & kReceiveChecksums) != 0;
  info_.transmit_ipv4_checksum = (transmit_offloads_ & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM) != 0;
  info_.transmit_tcp_checksum = (transmit_offloads_ & RTE_ETH_TX_OFFLOAD_TCP_CKSUM) != 0;
  info_.multi_segment = (transmit_offloads_ & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;
  max_pieces_ = 1;
  if (info_.multi_segment) {
    max_pieces_ = std::min(info.tx_desc_lim.nb_seg_max, info.tx_desc_lim.nb_mtu_seg_max);
    if (max_pieces_ == 0) max_pieces_ = std::max(info.tx_desc_lim.nb_seg_max, std::uint16_t{1});
  }
  return std::nullopt;
}

std::optional<std::string> Device::set_mtu() {
  const int error = rte_eth_dev_set_mtu(id_, config_.mtu);
  if (error != 0 && error != -ENOTSUP)
    return failure("mtu " + std::to_string(config_.mtu) + " cannot be set; configure a smaller mtu", error);
  info_.mtu = config_.mtu;
  return std::nullopt;
}

std::optional<std::string> Device::set_up_queues(const std::vector<MbufPools*>& pools, std::uint16_t queues) {
  const rte_eth_dev_info info = info_of(id_);
  receive_descriptors_ = config_.receive_descriptors;
  transmit_descriptors_ = config_.transmit_descriptors;
  // net_tap takes as many buffers for one frame as it has descriptors, and no more than one frame at a time.
  if (info_.driver == "net_tap") receive_descriptors_ = std::min<std::uint16_t>(receive_descriptors_, 8);
  if (const int error = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &receive_descriptors_, &transmit_descriptors_);
      error != 0)
    return failure("it has no queues of that size; configure other descriptor counts", error);
  for (std::uint16_t queue = 0; queue < queues; ++queue) {
    rte_eth_rxconf receive = info.default_rxconf;
    receive.offloads = receive_offloads_;
    rte_eth_txconf transmit = info.default_txconf;
    transmit.offloads = transmit_offloads_;
    const auto socket = static_cast<unsigned>(rte_eth_dev_socket_id(id_));
    if (const int error =
            rte_eth_rx_queue_setup(id_, queue, receive_descriptors_, socket, &receive, pools[queue]->packets());
        error != 0)
      return failure("cannot make a receive queue of " + std::to_string(receive_descriptors_) + " descriptors", error);
    if (const int error = rte_eth_tx_queue_setup(id_, queue, transmit_descriptors_, socket, &transmit); error != 0)
      return failure("cannot make a transmit queue of " + std::to_string(transmit_descriptors_) + " descriptors",
                     error);
  }
  return std::nullopt;
}

std::optional<std::string> Device::set_filters() {
  rte_ether_addr mac{};
  if (const int error = rte_eth_macaddr_get(id_, &mac); error != 0) return failure("it tells no address", error);
  std::copy_n(mac.addr_bytes, info_.mac.size(), info_.mac.begin());
  if (config_.promiscuous) {
    if (const int error = rte_eth_promiscuous_enable(id_); error != 0)
      return failure("it has no promiscuous mode; set promiscuous = false", error);
    return std::nullopt;
  }
  (void)rte_eth_promiscuous_disable(id_);
  // Neighbour discovery comes to multicast addresses (RFC 4861); a port that cannot take all of them may take
  // everything.
  if (rte_eth_allmulticast_enable(id_) != 0) (void)rte_eth_promiscuous_enable(id_);
  return std::nullopt;
}

bool Device::apply_rss() {
  const std::vector<std::uint16_t>& table = rss_->table();
  std::vector<rte_eth_rss_reta_entry64> groups((table.size() + RTE_ETH_RETA_GROUP_SIZE - 1) / RTE_ETH_RETA_GROUP_SIZE);
  const auto size = static_cast<std::uint16_t>(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    groups[i / RTE_ETH_RETA_GROUP_SIZE].mask |= std::uint64_t{1} << (i % RTE_ETH_RETA_GROUP_SIZE);
    groups[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] = table[i];
  }
  if (rte_eth_dev_rss_reta_update(id_, groups.data(), size) != 0) return false;
  for (auto& group : groups) std::fill(std::begin(group.reta), std::end(group.reta), std::uint16_t{0xffff});
  if (rte_eth_dev_rss_reta_query(id_, groups.data(), size) != 0) return false;
  for (std::size_t i = 0; i < table.size(); ++i)
    if (groups[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] != table[i]) return false;

  std::vector<std::uint8_t> key(rss_->key().size());
  rte_eth_rss_conf conf{};
  conf.rss_key = key.data();
  conf.rss_key_len = static_cast<std::uint8_t>(key.size());
  if (rte_eth_dev_rss_hash_conf_get(id_, &conf) != 0) return false;
  return key == rss_->key() && (conf.rss_hf & rss_types_) == rss_types_;
}

void Device::find_wait_descriptor() {
  wait_descriptor_ = -1;
  if (info_.queues != 1) return;
  if (info_.driver == "net_tap") wait_descriptor_ = rte_eth_dev_rx_intr_ctl_q_get_fd(id_, 0);
  if (info_.driver == "net_af_packet") wait_descriptor_ = packet_socket_of(info_of(id_).if_index);
}

void Device::clear_wait_error() const {
  if (info_.driver != "net_af_packet" || wait_descriptor_ < 0) return;
  int error = 0;
  socklen_t size = sizeof error;
  (void)getsockopt(wait_descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
}

std::size_t Device::receive(std::uint16_t queue, std::span<rte_mbuf*> out) {
  return rte_eth_rx_burst(id_, queue, out.data(),
                          static_cast<std::uint16_t>(std::min<std::size_t>(out.size(), UINT16_MAX)));
}

rte_mbuf* Device::contiguous(rte_mbuf* frame, MbufPools& pools) {
  MbufPtr whole = pools.packet();
  if (whole == nullptr || frame->pkt_len > rte_pktmbuf_tailroom(whole.get())) return nullptr;
  std::uint8_t* const to = rte_pktmbuf_mtod(whole.get(), std::uint8_t*);
  std::uint32_t size = 0;
  for (const rte_mbuf* piece = frame; piece != nullptr; piece = piece->next) {
    std::copy_n(rte_pktmbuf_mtod(piece, const std::uint8_t*), piece->data_len, to + size);
    size += piece->data_len;
  }
  whole->data_len = static_cast<std::uint16_t>(size);
  whole->pkt_len = size;
  whole->ol_flags = frame->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK;
  whole->tx_offload = frame->tx_offload;
  rte_pktmbuf_free(frame);
  return whole.release();
}

std::size_t Device::transmit(std::uint16_t queue, std::span<rte_mbuf*> frames, MbufPools& pools) {
  std::size_t taken = 0;
  for (; taken < frames.size();) {
    // Up to the first frame that the port cannot take as it is.
    std::size_t end = taken;
    for (; end < frames.size(); ++end) {
      if (frames[end]->nb_segs <= max_pieces_) continue;
      rte_mbuf* const whole = contiguous(frames[end], pools);
      if (whole == nullptr) break;
      frames[end] = whole;
    }
    auto count = static_cast<std::uint16_t>(std::min<std::size_t>(end - taken, UINT16_MAX));
    const bool invalid_next = end < frames.size();
    bool refused = false;
    if ((transmit_offloads_ & (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM)) != 0) {
      const std::uint16_t good = rte_eth_tx_prepare(id_, queue, frames.data() + taken, count);
      refused = good < count;
      count = good;
    }
    const std::uint16_t sent =
        count == 0 ? std::uint16_t{0} : rte_eth_tx_burst(id_, queue, frames.data() + taken, count);
    taken += sent;
    if (sent < count) break;  // the port is full
    if (!refused && !invalid_next) break;
    rte_pktmbuf_free(frames[taken++]);
    dropped_[queue].add();
  }
  return taken;
}

PortInfo Device::info() const {
  PortInfo info = info_;
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(id_, &link) == 0) {
    info.link_up = link.link_status == RTE_ETH_LINK_UP;
    info.link_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
  }
  return info;
}

PortStats Device::stats() const {
  PortStats stats;
  rte_eth_stats counted{};
  if (rte_eth_stats_get(id_, &counted) == 0) {
    stats.received = counted.ipackets;
    stats.received_bytes = counted.ibytes;
    stats.transmitted = counted.opackets;
    stats.transmitted_bytes = counted.obytes;
    stats.missed = counted.imissed;
    stats.errors = counted.ierrors + counted.oerrors;
    stats.no_buffer = counted.rx_nombuf;
  }
  for (const Counter& dropped : dropped_) stats.errors += dropped.value();
  return stats;
}

}  // namespace lockstep::io
