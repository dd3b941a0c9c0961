#include "dataplane/io/worker_queue.h"

#include <algorithm>

#include "dataplane/io/classifier.h"

namespace lockstep::io {

namespace {

void drain(SpscRing<rte_mbuf*>& ring) {
  rte_mbuf* frame = nullptr;
  while (ring.pop(frame)) rte_pktmbuf_free(frame);
}

}  // namespace

Lane::~Lane() {
  drain(received);
  drain(to_send);
}

OwnerQueue::~OwnerQueue() {
  for (std::size_t i = 0; i < pending_count_; ++i) rte_pktmbuf_free(pending_[i]);
}

std::size_t OwnerQueue::receive(std::span<rte_mbuf*> out) {
  received_for_others_ = false;
  const std::size_t count = shared_.device.receive(0, out);
  if (count == 0 || shared_.lanes.empty()) return count;
  return distribute(out.first(count));
}

/// Keeps worker 0's frames, in order, at the front of `frames` and returns how many; the others are passed on.
std::size_t OwnerQueue::distribute(std::span<rte_mbuf*> frames) {
  const auto workers = static_cast<std::uint32_t>(shared_.lanes.size() + 1);
  std::size_t kept = 0;
  for (rte_mbuf* const frame : frames) {
    const FrameClass found = classify(bytes_of(*frame));
    std::uint32_t worker = 0;
    if (found.kind == FrameClass::Kind::everyone) copy_to_all(*frame);
    if (found.kind == FrameClass::Kind::flow && !shared_.hardware_rss())
      worker = share_of(shared_.hash(found.source, found.destination), workers);
    if (worker == 0) {
      frames[kept++] = frame;
    } else {
      pass_on(worker - 1, frame);
    }
  }
  if (received_for_others_)
    for (const auto& lane : shared_.lanes) lane->bell.ring();
  return kept;
}

void OwnerQueue::pass_on(std::size_t lane, rte_mbuf* frame) {
  received_for_others_ = true;
  if (shared_.lanes[lane]->received.push(frame)) {
    shared_.counters.steered.add();
    return;
  }
  rte_pktmbuf_free(frame);
  shared_.counters.full.add();
}

void OwnerQueue::copy_to_all(const rte_mbuf& frame) {
  for (std::size_t lane = 0; lane < shared_.lanes.size(); ++lane) {
    rte_mbuf* const copy = rte_pktmbuf_copy(&frame, pools_.packets(), 0, UINT32_MAX);
    if (copy == nullptr) {
      shared_.counters.full.add();
    } else {
      pass_on(lane, copy);
    }
  }
}

std::size_t OwnerQueue::transmit(std::span<rte_mbuf*> frames) {
  return shared_.device.transmit(0, frames, pools_);
}

/// Sends for the others, in turn; stops when the port is full and goes on in the next turn, so that their rings fill
/// and they notice.
void OwnerQueue::flush() {
  sent_for_others_ = false;
  if (shared_.hardware_rss()) return;
  for (std::size_t empty = 0; empty < shared_.lanes.size();) {
    SpscRing<rte_mbuf*>& ring = shared_.lanes[next_lane_]->to_send;
    while (pending_count_ < kBurst && ring.pop(pending_[pending_count_])) ++pending_count_;
    if (pending_count_ < kBurst) {
      next_lane_ = (next_lane_ + 1) % shared_.lanes.size();
      ++empty;
    }
    if (pending_count_ == 0) continue;
    const std::size_t sent = shared_.device.transmit(0, std::span(pending_).first(pending_count_), pools_);
    sent_for_others_ = sent_for_others_ || sent != 0;
    std::copy(pending_.begin() + static_cast<std::ptrdiff_t>(sent),
              pending_.begin() + static_cast<std::ptrdiff_t>(pending_count_), pending_.begin());
    pending_count_ -= sent;
    if (pending_count_ != 0) return;
  }
}

std::size_t OwnerQueue::wait_descriptors(std::span<int> out) const {
  const int port = shared_.device.wait_descriptor();
  if (port < 0 || out.size() < 2) return 0;
  out[0] = port;
  if (shared_.lanes.empty()) return 1;
  out[1] = shared_.bell.descriptor();
  return out[1] < 0 ? 0 : 2;
}

bool OwnerQueue::prepare_wait() {
  if (shared_.lanes.empty()) return true;
  shared_.bell.prepare();
  // What the port did not take waits for the port, not for the bell.
  return backlog() || std::all_of(shared_.lanes.begin(), shared_.lanes.end(),
                                  [](const auto& lane) { return lane->to_send.empty(); });
}

void OwnerQueue::finish_wait() {
  shared_.device.clear_wait_error();
  if (!shared_.lanes.empty()) shared_.bell.finish();
}

std::size_t MemberQueue::receive(std::span<rte_mbuf*> out) {
  std::size_t count = 0;
  while (count < out.size() && lane_.received.pop(out[count])) ++count;
  if (!shared_.hardware_rss()) return count;
  return count + shared_.device.receive(worker_, out.subspan(count));
}

std::size_t MemberQueue::transmit(std::span<rte_mbuf*> frames) {
  if (shared_.hardware_rss()) return shared_.device.transmit(worker_, frames, pools_);
  std::size_t count = 0;
  while (count < frames.size() && lane_.to_send.push(frames[count])) ++count;
  unannounced_ = unannounced_ || count != 0;
  return count;
}

void MemberQueue::flush() {
  if (!unannounced_) return;
  unannounced_ = false;
  shared_.bell.ring();
}

std::size_t MemberQueue::wait_descriptors(std::span<int> out) const {
  if (shared_.hardware_rss() || out.empty() || lane_.bell.descriptor() < 0) return 0;
  out[0] = lane_.bell.descriptor();
  return 1;
}

bool MemberQueue::prepare_wait() {
  lane_.bell.prepare();
  return lane_.received.empty();
}

}  // namespace lockstep::io
