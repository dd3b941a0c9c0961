#include "dataplane/worker/pause.h"

#include <rte_cpuflags.h>
#include <rte_cycles.h>
#include <rte_pause.h>
#include <rte_power_intrinsics.h>
#include <sys/prctl.h>

#include "dataplane/base/clock.h"

namespace lockstep::worker {

void Pause::begin() {
  (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);  // nanoseconds
  rte_cpu_intrinsics intrinsics{};
  rte_cpu_get_intrinsics_support(&intrinsics);
  if (intrinsics.power_pause != 0) cycles_ = rte_get_tsc_hz() / 1'000'000;  // a microsecond
}

void Pause::operator()() const {
  if (cycles_ != 0) {
    (void)rte_power_pause(Clock::cycles() + cycles_);
    return;
  }
  for (int i = 0; i < 16; ++i) rte_pause();
}

}  // namespace lockstep::worker
