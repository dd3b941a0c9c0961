// Joins two network interfaces and impairs what passes, by seed: drops, duplicates, corrupts, reorders, delays and
// limits the rate. Stands where the kernel's netem would, on kernels that have none.
//
//   impairment_bridge LEFT RIGHT [--seed N] [--drop P] [--duplicate P] [--corrupt P] [--reorder P] [--delay-ms D]
//                     [--jitter-ms J] [--rate-mbps R] [--queue BYTES]
//
// P are probabilities per frame and direction; D is one way; a reordered frame is delayed by another D/4 + 1 ms. Only
// IP frames are impaired: neighbour resolution passes untouched but for the delay. Ends at SIGTERM or SIGINT and prints
// what it did.
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <queue>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::uint64_t seed = 1;
  double drop = 0;
  double duplicate = 0;
  double corrupt = 0;
  double reorder = 0;
  double delay_ms = 0;
  double jitter_ms = 0;
  double rate_mbps = 0;            // 0: unlimited
  double queue_bytes = 1'000'000;  // frames beyond it are dropped while the rate limit holds frames back
};

struct Frame {
  Clock::time_point due;
  std::uint64_t order = 0;
  std::vector<std::uint8_t> bytes;
  bool operator>(const Frame& other) const { return due != other.due ? due > other.due : order > other.order; }
};

struct Totals {
  std::uint64_t passed = 0, dropped = 0, duplicated = 0, corrupted = 0, reordered = 0, overflowed = 0, refused = 0;
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "impairment_bridge: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

int open_interface(const char* name) {
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
  if (fd < 0) fail("AF_PACKET socket (root is needed)");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(name));
  if (address.sll_ifindex == 0) fail(std::string("interface ") + name);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail(std::string("bind to ") + name);
  packet_mreq membership{};
  membership.mr_ifindex = address.sll_ifindex;
  membership.mr_type = PACKET_MR_PROMISC;
  if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) fail("promiscuous mode");
  const int on = 1;
  if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0) fail("PACKET_IGNORE_OUTGOING");
  const int buffer = 32 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
  return fd;
}

/// One direction: frames come from `from`, wait for their time, and go to `to`.
class Direction {
 public:
  Direction(int from, int to, const Options& options, std::uint64_t seed)
      : from_(from), to_(to), options_(options), random_(seed) {}

  /// Takes what arrived; bounded, so that the other direction gets its turn.
  void receive(Clock::time_point now) {
    std::uint8_t buffer[65536];
    for (int i = 0; i < 64; ++i) {
      const ssize_t size = recv(from_, buffer, sizeof buffer, 0);
      if (size <= 0) return;
      admit(now, std::vector<std::uint8_t>(buffer, buffer + size));
    }
  }

  /// Sends what is due.
  void send(Clock::time_point now) {
    while (!queue_.empty() && queue_.top().due <= now) {
      const Frame& frame = queue_.top();
      if (::send(to_, frame.bytes.data(), frame.bytes.size(), 0) < 0) ++totals_.refused;
      waiting_ -= frame.bytes.size();
      queue_.pop();
    }
  }

  Clock::time_point next() const { return queue_.empty() ? Clock::time_point::max() : queue_.top().due; }
  const Totals& totals() const { return totals_; }

 private:
  bool happens(double probability) { return probability > 0 && uniform_(random_) < probability; }

  void admit(Clock::time_point now, std::vector<std::uint8_t> bytes) {
    const bool is_ip =
        bytes.size() > 14 && ((bytes[12] == 0x08 && bytes[13] == 0x00) || (bytes[12] == 0x86 && bytes[13] == 0xdd));
    if (!is_ip) return enqueue(now, std::move(bytes), 0);
    if (happens(options_.drop)) {
      ++totals_.dropped;
      return;
    }
    if (happens(options_.corrupt)) {
      bytes[14 + random_() % (bytes.size() - 14)] ^= static_cast<std::uint8_t>(1U << random_() % 8);
      ++totals_.corrupted;
    }
    double extra_ms = options_.jitter_ms * uniform_(random_);
    if (happens(options_.reorder)) {
      extra_ms += options_.delay_ms / 4 + 1;
      ++totals_.reordered;
    }
    if (happens(options_.duplicate)) {
      enqueue(now, bytes, extra_ms);
      ++totals_.duplicated;
    }
    enqueue(now, std::move(bytes), extra_ms);
  }

  void enqueue(Clock::time_point now, std::vector<std::uint8_t> bytes, double extra_ms) {
    const auto milliseconds = [](double value) {
      return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double, std::milli>(value));
    };
    Clock::time_point start = now;
    if (options_.rate_mbps > 0) {
      if (static_cast<double>(waiting_) > options_.queue_bytes) {
        ++totals_.overflowed;
        return;
      }
      start = std::max(now, free_at_);
      free_at_ = start + milliseconds(static_cast<double>(bytes.size()) * 8 / (options_.rate_mbps * 1000));
    }
    waiting_ += bytes.size();
    ++totals_.passed;
    queue_.push(Frame{start + milliseconds(options_.delay_ms + extra_ms), order_++, std::move(bytes)});
  }

  int from_;
  int to_;
  const Options& options_;
  std::mt19937_64 random_;
  std::uniform_real_distribution<double> uniform_{0, 1};
  std::priority_queue<Frame, std::vector<Frame>, std::greater<>> queue_;
  Clock::time_point free_at_{};
  std::uint64_t order_ = 0;
  std::size_t waiting_ = 0;
  Totals totals_;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 3; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    char* end = nullptr;
    const double value = std::strtod(argv[i + 1], &end);
    if (*end != 0 || value < 0) {
      std::fprintf(stderr, "impairment_bridge: %s needs a number of at least 0\n", argv[i]);
      std::exit(2);
    }
    if (key == "--seed")
      options.seed = static_cast<std::uint64_t>(value);
    else if (key == "--drop")
      options.drop = value;
    else if (key == "--duplicate")
      options.duplicate = value;
    else if (key == "--corrupt")
      options.corrupt = value;
    else if (key == "--reorder")
      options.reorder = value;
    else if (key == "--delay-ms")
      options.delay_ms = value;
    else if (key == "--jitter-ms")
      options.jitter_ms = value;
    else if (key == "--rate-mbps")
      options.rate_mbps = value;
    else if (key == "--queue")
      options.queue_bytes = value;
    else {
      std::fprintf(stderr, "impairment_bridge: unknown option %s\n", argv[i]);
      std::exit(2);
    }
  }
  return options;
}

void report(const char* name, const Totals& totals) {
  std::printf("%s passed=%lu dropped=%lu duplicated=%lu corrupted=%lu reordered=%lu overflowed=%lu refused=%lu\n", name,
              totals.passed, totals.dropped, totals.duplicated, totals.corrupted, totals.reordered, totals.overflowed,
              totals.refused);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc % 2 == 0) {
    std::fprintf(stderr,
                 "usage: impairment_bridge LEFT RIGHT [--seed N] [--drop P] [--duplicate P] [--corrupt P] "
                 "[--reorder P] [--delay-ms D] [--jitter-ms J] [--rate-mbps R] [--queue BYTES]\n");
    return 2;
  }
  const Options options = parse(argc, argv);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int signal_fd = signalfd(-1, &signals, 0);
  prctl(PR_SET_TIMERSLACK, 1000);

  const int left = open_interface(argv[1]);
  const int right = open_interface(argv[2]);
  Direction to_right(left, right, options, options.seed);
  Direction to_left(right, left, options, options.seed + 1);
  std::printf("ready\n");
  std::fflush(stdout);

  pollfd polled[] = {{left, POLLIN, 0}, {right, POLLIN, 0}, {signal_fd, POLLIN, 0}};
  while ((polled[2].revents & POLLIN) == 0) {
    const Clock::time_point now = Clock::now();
    to_right.receive(now);
    to_left.receive(now);
    to_right.send(now);
    to_left.send(now);
    const Clock::time_point next = std::min(to_right.next(), to_left.next());
    timespec wait{1, 0};
    if (next != Clock::time_point::max()) {
      const auto left_over = std::chrono::duration_cast<std::chrono::nanoseconds>(next - Clock::now()).count();
      wait = {0, left_over < 0 ? 0 : left_over > 999'999'999 ? 999'999'999 : left_over};
    }
    if (ppoll(polled, 3, &wait, nullptr) < 0 && errno != EINTR) fail("ppoll");
  }
  report("left-to-right", to_right.totals());
  report("right-to-left", to_left.totals());
  return 0;
}
