// The service in Prometheus' text format.
#pragma once

#include <string>

#include "control/api/view.h"

namespace lockstep::api {

/// Prometheus text exposition format 0.0.4: every counter of every worker with HELP and TYPE, histograms of the
/// batches, ports, backends, certificates.
std::string metrics_text(const View& view);

}  // namespace lockstep::api
